/** How far a household is closed, as the text that the task's memory keeps of it. */

/** @param closedS nothing before this second is taken in any more. */
export function encodeClosed(closedS: number): string {
  return String(closedS);
}

/** How far a household is closed, s; -Infinity where nothing is remembered of it. */
export function decodeClosed(memory: string | undefined): number {
  return memory === undefined ? -Infinity : Number(memory);
}

/** Whether a text says how far a household is closed. */
export function isClosed(text: string): boolean {
  return text.trim() !== "" && Number.isSafeInteger(Number(text));
}

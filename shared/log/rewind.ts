/**
 * The entry of a task's memory that the log itself may read: where a recovery starts. A log that
 * removes old records keeps those from there on, for as long as the group is known to it.
 */

/** Name of the entry, which is JSON with `rewind`: an offset of each input, inputs sorted by name. */
export const CHECKPOINT_KEY = "task";

/** The offsets that a recovery starts at; undefined where the text says none. */
export function rewindOf(checkpointText: string): readonly number[] | undefined {
  let checkpoint: unknown;
  try {
    checkpoint = JSON.parse(checkpointText);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
  const rewind = (checkpoint as { rewind?: unknown } | null)?.rewind;
  if (!Array.isArray(rewind) || !rewind.every(Number.isInteger)) return undefined;
  return rewind;
}

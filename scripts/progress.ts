/** How far something has got: a bar on a terminal, a line now and then elsewhere. */
import { createLogUpdate } from "log-update";
import process from "node:process";
import { printError } from "../shared/service/terminal.ts";

export interface Progress {
  /** Without a total where it ends is not known. */
  show(what: string, done: number, total?: number): void;
  close(): void;
}

const BAR_WIDTH = 30;
/** Between two pictures of a bar, and two lines. */
const BAR_EVERY_MS = 100;
const LINE_EVERY_MS = 10_000;

/** On standard error, so that it never gets among what is printed. */
export function openProgress(nowMs: () => number): Progress {
  const isTerminal = process.stderr.isTTY;
  const update = isTerminal ? createLogUpdate(process.stderr) : undefined;
  const everyMs = isTerminal ? BAR_EVERY_MS : LINE_EVERY_MS;
  let shownMs = nowMs();
  return {
    show(what, done, total) {
      if (nowMs() - shownMs < everyMs) return;
      shownMs = nowMs();
      const text = total === undefined
        ? `${what}: ${done.toLocaleString("en")}`
        : `${what} ${barText(done, total)} records`;
      if (update === undefined) printError(text);
      else update(text);
    },
    close: () => update?.clear(),
  };
}

/** `[###############...............] 50 %  500 of 1,000` */
export function barText(done: number, total: number): string {
  const share = total === 0 ? 1 : Math.min(done / total, 1);
  const filled = Math.floor(share * BAR_WIDTH);
  const bar = "#".repeat(filled) + ".".repeat(BAR_WIDTH - filled);
  const [doneText, totalText] = [done, total].map((count) => count.toLocaleString("en"));
  return `[${bar}] ${Math.floor(share * 100)} %  ${doneText} of ${totalText}`;
}

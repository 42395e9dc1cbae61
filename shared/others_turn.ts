/**
 * Turns for the rest of the process: timers, and so heartbeats and what is due, would wait while one batch
 * follows the other. Of tasks whose records have come together, all would work in one turn of the event
 * loop.
 *
 *   batch of task 0 ─▶ batch of task 1 ─▶ 4 ms are over: timers ─▶ batch of task 2 ─▶ …
 */
import { setImmediate } from "node:timers";

/** How long all work together may last without a turn for others, which costs 6 µs. */
const UNBROKEN_MS_MAX = 4;

let lastMs = 0;
let turn: Promise<void> | undefined;

/** Resolves at once where others had their turn a moment ago, or else once they have had it. */
export async function othersTurn(): Promise<void> {
  // Of several that wait, those before this one may have been at work for long enough meanwhile.
  while (performance.now() - lastMs >= UNBROKEN_MS_MAX) await (turn ??= nextTurn());
}

/** Sockets have to wait for longer: Deno hardly looks at them while one such turn follows the other. */
function nextTurn(): Promise<void> {
  return new Promise((resolve) =>
    setImmediate(() => {
      lastMs = performance.now();
      turn = undefined;
      resolve();
    })
  );
}

/**
 * Waits for more of a stream that brought much while the last append was under way: what a request costs
 * broker and bridge beside its records is then shared by more of them. Slower ones wait for nothing.
 */
import { setTimeout as delay } from "node:timers/promises";

/** So many messages begin a wait, and end it. */
const FROM_COUNT = 100;
const TO_COUNT = 2000;
const WAITS_MAX = 5;
const WAIT_MS = 1;

/** Resolves once there are so many messages, once no more come, or after some 5 ms. */
export async function gathered(countNow: () => number): Promise<void> {
  let before = 0;
  for (let waits = 0; waits < WAITS_MAX; waits++) {
    const count = countNow();
    // A broker that has sent all that it may without an acknowledgement sends nothing more.
    if (count < FROM_COUNT || count >= TO_COUNT || count === before) return;
    before = count;
    await delay(WAIT_MS);
  }
}

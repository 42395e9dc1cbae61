/** Waiting for something to come about, without an end unless nothing moves. */
import { hasCode, WattstreamError } from "../errors.ts";
import { pause } from "../pause.ts";
import { StallWatch } from "./stall_watch.ts";

const POLL_MS = 100;

export interface WaitOptions {
  /** Longest time without any change of `remaining`, ms. */
  readonly stallMs: number;
  /** What to say then; gets what remains. */
  readonly explain: (remaining: number) => string;
}

/**
 * Polls until nothing remains. That `remaining` fails as `unavailable` counts as no change.
 * @throws WattstreamError `unavailable` once `remaining` has stood still for too long.
 */
export async function untilNone(
  remaining: () => number | Promise<number>,
  { stallMs, explain }: WaitOptions,
): Promise<void> {
  let last: number | undefined;
  const watch = new StallWatch(Infinity, () => {});
  try {
    for (;;) {
      const isOver = watch.stillMs >= stallMs;
      try {
        const count = await remaining();
        if (count === 0) return;
        if (count !== last) {
          last = count;
          watch.moved();
        } else if (isOver) throw new WattstreamError("unavailable", explain(count));
      } catch (error) {
        if (isOver || !hasCode(error, "unavailable")) throw error;
      }
      await pause(POLL_MS);
    }
  } finally {
    watch.close();
  }
}

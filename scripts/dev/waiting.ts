/** Waiting for something to come about, without an end unless nothing moves. */
import { pause } from "../../shared/pause.ts";
import { WattstreamError } from "../../shared/errors.ts";

const POLL_MS = 100;

export interface WaitOptions {
  /** Longest time without any change of `remaining`, ms. */
  readonly stallMs: number;
  /** What to say then; gets what remains. */
  readonly explain: (remaining: number) => string;
}

/**
 * Polls until nothing remains.
 * @throws WattstreamError `unavailable` once `remaining` has stood still for too long.
 */
export async function untilNone(
  remaining: () => number | Promise<number>,
  { stallMs, explain }: WaitOptions,
): Promise<void> {
  let last: number | undefined;
  let movedMs = performance.now();
  for (;;) {
    const count = await remaining();
    if (count === 0) return;
    if (count !== last) {
      last = count;
      movedMs = performance.now();
    } else if (performance.now() - movedMs >= stallMs) {
      throw new WattstreamError("unavailable", explain(count));
    }
    await pause(POLL_MS);
  }
}

import assert from "node:assert/strict";
import { StreamTime } from "./stream_time.ts";

for (
  const [title, appendMs, nowMs] of [
    ["starts at the first record", [7_000_000], 0],
    ["runs with append times", [1_000, 2_000, 4_500], 3_500],
    ["moves by at most 5 s a record", [0, 5_001, 3_600_000], 10_000],
    ["never goes back, and goes on from the last record", [1_000, 4_000, 2_000, 3_000], 4_000],
  ] as const
) {
  Deno.test(`StreamTime ${title}`, () => {
    const time = new StreamTime();
    for (const ms of appendMs) time.advance(ms);
    assert.equal(time.nowMs, nowMs);
  });
}

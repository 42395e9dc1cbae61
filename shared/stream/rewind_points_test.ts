import assert from "node:assert/strict";
import { RewindPoints } from "./rewind_points.ts";

Deno.test("RewindPoints.notPast() is the last place noted that is not past the oldest", () => {
  const points = new RewindPoints();
  for (const place of [10, 20, 30]) points.note(place, [place]);
  assert.deepEqual(points.notPast(25), [20]);
  assert.deepEqual(points.notPast(30), [30]);
  assert.throws(() => points.notPast(29), /no rewind point/);
});

Deno.test("RewindPoints keeps few of a million, of which one is near to any place", () => {
  const points = new RewindPoints();
  const last = 1_000_000;
  for (let place = 0; place <= last; place++) points.note(place, [place]);
  const kept = new Set<number>();
  for (let oldest = 0; oldest <= last; oldest += 100) {
    const [offset] = points.notPast(oldest);
    assert.ok(offset! <= oldest && oldest - offset! <= last / 1000, `${offset} for ${oldest}`);
    kept.add(offset!);
  }
  assert.ok(kept.size > 1000 && kept.size < 10_000, `${kept.size} are kept`);
});

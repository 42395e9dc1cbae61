import assert from "node:assert/strict";
import fc from "fast-check";
import { OldestPlaces } from "./oldest_places.ts";

/** One that lets go of its oldest records, and counts how often it is asked. */
class Holder {
  asked = 0;
  readonly places: number[];

  constructor(place: number) {
    this.places = [place];
  }

  oldestPlace(): number {
    this.asked++;
    return this.places[0] ?? Infinity;
  }
}

/** Who takes in the next record, and of whom how many are let go. */
const step = fc.record({ holder: fc.nat(5), dropped: fc.nat(4) });

Deno.test("OldestPlaces.oldest() is the oldest of all, whoever has let go of what", () => {
  fc.assert(fc.property(fc.array(step, { maxLength: 100 }), (steps) => {
    const oldest = new OldestPlaces();
    const holders = new Map<number, Holder>();
    for (const [place, { holder, dropped }] of steps.entries()) {
      let one = holders.get(holder);
      // Who holds nothing any more does not come back.
      if (one === undefined || one.places.length === 0) {
        holders.set(holder, one = new Holder(place));
        oldest.add(one, place);
      } else one.places.push(place);
      one.places.splice(0, dropped);
      const expected = Math.min(
        ...[...holders.values()].map(({ places }) => places[0] ?? Infinity),
      );
      assert.equal(oldest.oldest(), expected);
    }
  }));
});

Deno.test("OldestPlaces.oldest() asks nobody again whose place cannot be the oldest", () => {
  const oldest = new OldestPlaces();
  const holders = Array.from({ length: 1000 }, (_, place) => new Holder(place));
  for (const [place, holder] of holders.entries()) oldest.add(holder, place);
  assert.equal(oldest.oldest(), 0);
  holders[0]!.places[0] = 1500;
  assert.equal(oldest.oldest(), 1);
  assert.equal(holders.reduce((sum, { asked }) => sum + asked, 0), 3);
});

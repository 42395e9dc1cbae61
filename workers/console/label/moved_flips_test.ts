import assert from "node:assert/strict";
import { movedTo, type Readings } from "./moved_flips.ts";

/** Readings of these watts, one each second from 10 on; null: none. */
function each(...watts: (number | null)[]): Readings {
  return watts.flatMap((each, index) => each === null ? [] : [[10 + index, each] as const]);
}

Deno.test("movedTo() is the one step that fits, no more than four seconds before the hand", () => {
  //                     10   11    12    13    14    15    16    17
  const kettle = each(100, 100, 2100, 2100, 2105, 2095, 2100, 2100);
  const cases: [name: string, found: number | undefined, expected: number | undefined][] = [
    ["three seconds late", movedTo(15, true, kettle), 12],
    ["in the same second", movedTo(12, true, kettle), 12],
    ["four seconds late", movedTo(16, true, kettle), 12],
    ["five seconds late", movedTo(17, true, kettle), undefined],
    ["before the step", movedTo(11, true, kettle), undefined],
    ["the other way", movedTo(15, false, kettle), undefined],
    ["off", movedTo(13, false, each(2100, 100, 100, 100)), 11],
    ["two that fit", movedTo(13, true, each(100, 200, 200, 2200)), undefined],
    ["one up, one down", movedTo(13, true, each(2100, 100, 100, 200)), 13],
    ["noise", movedTo(13, true, each(100, 120, 100, 115)), undefined],
    ["a ramp, at its largest change", movedTo(14, true, each(100, 130, 1900, 2100, 2100)), 12],
    ["a reading every three seconds", movedTo(16, true, each(100, null, null, 2100, null)), 13],
    ["a hole of four", movedTo(16, true, each(100, null, null, null, 2100)), undefined],
    ["no readings", movedTo(16, true, []), undefined],
  ];
  for (const [name, found, expected] of cases) assert.equal(found, expected, name);
});

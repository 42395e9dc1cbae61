import assert from "node:assert/strict";
import { numberOf, secondsOf, separatorOf, stateOf } from "./notation.ts";

Deno.test("secondsOf() reads the usual notations of one time, and no other", () => {
  const second = 1_772_366_400;
  for (
    const text of [
      ...["2026-03-01T12:00:00", "2026-03-01 12:00:00", "2026-03-01T12:00:00Z"],
      ...["2026-03-01T12:00:00.999", "2026-03-01 13:00:00+01:00", "2026-03-01T06:30:00.5-0530"],
      ...["1772366400", "1772366400.75", "1772366400123"],
      ...["1772366400123456", "1772366400123456789"],
    ]
  ) assert.equal(secondsOf(text), second, text);
  const wrong = ["", "12:00:00", "2026-02-30T00:00:00", "2026-03-01", "177236640", "-5", "noon"];
  for (const text of [...wrong, "2026-03-01T25:00:00", "2026-03-01T12:00:00+99:99"]) {
    assert.equal(secondsOf(text), undefined, text);
  }
});

Deno.test("numberOf() and stateOf() read the usual notations, and no other", () => {
  assert.deepEqual(["1", "-0.5", "1e3", "+2"].map((text) => numberOf(text, ",")), [
    1,
    -0.5,
    1e3,
    2,
  ]);
  assert.equal(numberOf("1,5", ";"), 1.5);
  for (const text of ["", "x", "Infinity", "1,5"]) assert.equal(numberOf(text, ","), undefined);
  assert.equal(numberOf("1,000,000", ";"), undefined);
  assert.deepEqual(["1", "TRUE", "On", "yes", "1.0"].map(stateOf), Array(5).fill(true));
  assert.deepEqual(["0", "False", "OFF", "no", "0.0"].map(stateOf), Array(5).fill(false));
  assert.deepEqual(["", "2", "maybe"].map(stateOf), Array(3).fill(undefined));
});

Deno.test("separatorOf() finds what separates a heading", () => {
  assert.deepEqual(["a,b", "a;b,c;d", "a\tb", "a|b", "a"].map(separatorOf), [
    ",",
    ";",
    "\t",
    "|",
    ",",
  ]);
});

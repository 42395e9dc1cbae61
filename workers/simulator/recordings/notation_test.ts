import assert from "node:assert/strict";
import { isMissing, numberOf, separatorOf, stateOf } from "./notation.ts";

Deno.test("numberOf() reads the usual notations, and no other", () => {
  const numbers: [text: string, separator: string, value: number | undefined][] = [
    ["1", ",", 1],
    ["-0.5", ",", -0.5],
    ["1e3", ",", 1000],
    ["+2", ",", 2],
    ["1,5", ";", 1.5],
    ["1,234", ";", 1.234],
    ["1,5", ",", 1.5],
    // Thousands, or a fraction? In a cell of a table with commas nobody can tell.
    ["1,234", ",", undefined],
    ["12,34,567", ",", undefined],
    ["1,234.5", ",", 1234.5],
    ["1.234,5", ";", 1234.5],
    ["1 234,5", ";", 1234.5],
    ["1'234.5", ",", 1234.5],
    ["\u2212230.5", ",", -230.5],
    ["230.5 W", ",", 230.5],
    ["0,2305 kW", ";", 230.5],
    ["5 VA", ",", undefined],
    ["W", ",", undefined],
    ["", ",", undefined],
    ["x", ",", undefined],
    ["Infinity", ",", undefined],
    ["1,000,000", ";", undefined],
  ];
  for (const [text, separator, value] of numbers) {
    assert.equal(numberOf(text, separator), value, `${text} between ${separator}`);
  }
});

Deno.test("stateOf() and isMissing() know the usual words, and no other", () => {
  assert.deepEqual(["1", "TRUE", "On", "yes", "1.0", "t"].map(stateOf), Array(6).fill(true));
  assert.deepEqual(["0", "False", "OFF", "no", "0.0", "n"].map(stateOf), Array(6).fill(false));
  assert.deepEqual(["", "2", "maybe"].map(stateOf), Array(3).fill(undefined));
  for (const text of ["", "NaN", "NULL", "#N/A", "\\N", "-"]) assert.ok(isMissing(text), text);
  for (const text of ["0", "no", "inf", "none of it"]) assert.ok(!isMissing(text), text);
});

Deno.test("separatorOf() finds what separates a heading", () => {
  assert.deepEqual(["a,b", "a;b,c;d", "a\tb", "a|b", "a", "a b"].map(separatorOf), [
    ...[",", ";", "\t", "|", ",", " "],
  ]);
});

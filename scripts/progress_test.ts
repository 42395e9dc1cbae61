import assert from "node:assert/strict";
import { barText } from "./progress.ts";

Deno.test("barText() is full when all is done, and not before", () => {
  assert.equal(barText(0, 2000), `[${".".repeat(30)}] 0 %  0 of 2,000`);
  assert.equal(barText(1000, 2000), `[${"#".repeat(15)}${".".repeat(15)}] 50 %  1,000 of 2,000`);
  assert.equal(barText(1999, 2000), `[${"#".repeat(29)}.] 99 %  1,999 of 2,000`);
  assert.equal(barText(2001, 2000), `[${"#".repeat(30)}] 100 %  2,001 of 2,000`);
  assert.equal(barText(0, 0), `[${"#".repeat(30)}] 100 %  0 of 0`);
});

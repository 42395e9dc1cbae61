import assert from "node:assert/strict";
import { hashMemory, memoryOf } from "./memory.ts";

Deno.test("hashMemory() has keys that differ in one byte differ in their low bits", () => {
  const length = "household-00".length;
  for (let place = length - 4; place < length; place++) {
    const digits = Array.from({ length: 10 }, (_, digit) => {
      const key = [..."household-00"];
      key[place] = String(digit);
      return hashMemory(memoryOf(key.join("")), 0, length) & 0xff;
    });
    assert.ok(new Set(digits).size >= 8, `byte ${place}: ${digits}`);
  }
});

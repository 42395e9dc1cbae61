import assert from "node:assert/strict";
import fc from "fast-check";
import { JoinedTexts } from "./joined_texts.ts";

Deno.test("JoinedTexts gives any stretch as Array.join() does, whatever was inserted and dropped", () => {
  const step = fc.oneof(
    {
      weight: 4,
      arbitrary: fc.record({ insert: fc.nat(), text: fc.stringMatching(/^[0-9.]{1,5}$/) }),
    },
    { weight: 1, arbitrary: fc.record({ drop: fc.nat({ max: 3 }) }) },
  );
  fc.assert(fc.property(fc.array(step), fc.nat(), fc.nat(), (steps, from, length) => {
    const joined = new JoinedTexts();
    const model: string[] = [];
    for (const next of steps) {
      if ("drop" in next) {
        const count = Math.min(next.drop, model.length);
        joined.drop(count);
        model.splice(0, count);
      } else {
        const index = next.insert % (model.length + 1);
        joined.insert(index, next.text);
        model.splice(index, 0, next.text);
      }
    }
    if (model.length === 0) return;
    const first = from % model.length;
    const end = first + 1 + length % (model.length - first);
    assert.equal(joined.slice(first, end), model.slice(first, end).join(","));
  }));
});

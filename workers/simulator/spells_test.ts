import assert from "node:assert/strict";
import { Random } from "./random.ts";
import { Spells } from "./spells.ts";

function spellLengths(
  cycles: number,
): { readonly labelled: number[]; readonly unlabelled: number[] } {
  const lengths = { labelled: [] as number[], unlabelled: [] as number[] };
  const spells = new Spells(new Random(5, "x"));
  let current = spells.next();
  let length = 1;
  for (let cycle = 1; cycle < cycles; cycle++) {
    const isLabelled = spells.next();
    if (isLabelled === current) {
      length++;
      continue;
    }
    lengths[current ? "labelled" : "unlabelled"].push(length);
    current = isLabelled;
    length = 1;
  }
  return lengths;
}

Deno.test("Spells are 16 to 50 cycles long, both kinds, the bounds included", () => {
  const { labelled, unlabelled } = spellLengths(50_000);
  for (const lengths of [labelled, unlabelled]) {
    assert.equal(Math.min(...lengths), 16);
    assert.equal(Math.max(...lengths), 50);
    const mean = lengths.reduce((sum, length) => sum + length, 0) / lengths.length;
    assert.ok(Math.abs(mean - 33) < 1.5, `mean ${mean}`);
  }
});

Deno.test("Spells begin labelled for some streams and unlabelled for others", () => {
  const first = Array.from(
    { length: 50 },
    (_, index) => new Spells(new Random(1, `${index}`)).next(),
  );
  assert.ok(first.includes(true) && first.includes(false));
});

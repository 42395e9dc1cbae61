import assert from "node:assert/strict";
import fc from "fast-check";
import { Arena } from "./arena.ts";
import { Tape } from "./tape.ts";

function entriesOf(tape: Tape): Uint8Array[] {
  const entries: Uint8Array[] = [];
  tape.forEach(({ bytes }, start, end) => entries.push(bytes.slice(start, end)));
  return entries;
}

Deno.test("Tape hands out what was written, in order, and gives its memory back", () => {
  const arena = new Arena();
  const entries = fc.array(fc.uint8Array({ maxLength: 254 }), { maxLength: 60 });
  fc.assert(fc.property(entries, entries, (first, second) => {
    const [tape, other] = [new Tape(arena), new Tape(arena)];
    for (const [index, entry] of first.entries()) {
      tape.append(entry, 0, entry.length);
      const mixed = second[index];
      if (mixed !== undefined) other.append(mixed, 0, mixed.length);
    }
    assert.deepEqual(entriesOf(tape), first);
    assert.deepEqual(entriesOf(other), second.slice(0, first.length));
    tape.clear();
    assert.deepEqual(entriesOf(tape), []);
    other.clear();
    assert.equal(arena.byteCount, 0);
  }));
});

Deno.test("Tape.append() takes a stretch, and refuses one that is too long", () => {
  const tape = new Tape(new Arena());
  const bytes = Uint8Array.from({ length: 300 }, (_, index) => index & 0xff);
  tape.append(bytes, 5, 9);
  assert.deepEqual(entriesOf(tape), [bytes.slice(5, 9)]);
  assert.throws(() => tape.append(bytes, 0, 255), /too long/);
});

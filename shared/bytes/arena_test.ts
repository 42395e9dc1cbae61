import assert from "node:assert/strict";
import fc from "fast-check";
import { Arena, Slab } from "./arena.ts";

Deno.test("Slab takes a stretch that no other one reaches into", () => {
  const sizes = fc.array(fc.integer({ min: 1, max: 40_000 }), { minLength: 1, maxLength: 60 });
  fc.assert(fc.property(sizes, fc.infiniteStream(fc.boolean()), (all, gives) => {
    const arena = new Arena();
    const slabs: { readonly slab: Slab; readonly mark: number }[] = [];
    for (const [mark, size] of all.entries()) {
      const slab = new Slab(arena, size);
      assert.ok(slab.size >= size && slab.start % 8 === 0 && slab.size % 8 === 0);
      slab.page.bytes.fill(mark, slab.start, slab.start + slab.size);
      slabs.push({ slab, mark });
      if (gives.next().value === true) slabs.splice(mark % slabs.length, 1)[0]!.slab.release();
    }
    for (const { slab: { page, start, size }, mark } of slabs) {
      assert.ok(page.bytes.subarray(start, start + size).every((byte) => byte === mark));
    }
    for (const { slab } of slabs) slab.release();
    assert.equal(arena.byteCount, 0);
  }));
});

Deno.test("Arena hands out again what was given back, before it makes a page", () => {
  const arena = new Arena();
  const slabs = Array.from({ length: 1000 }, () => new Slab(arena, 100));
  const { byteCount } = arena;
  const given = slabs.filter((_slab, index) => index % 2 === 0);
  for (const slab of given) slab.release();
  for (let count = given.length; count > 0; count--) new Slab(arena, 100);
  assert.equal(arena.byteCount, byteCount);
});

Deno.test("Arena goes on for a task with thousands of households, page by page", () => {
  const arena = new Arena();
  const slabs = Array.from({ length: 20_000 }, () => new Slab(arena, 100));
  assert.ok(new Set(slabs.map(({ page }) => page)).size > 64, "more pages than a shift has bits");
  const size = slabs[0]!.size;
  assert.ok(arena.byteCount >= slabs.length * size && arena.byteCount < 1.05 * slabs.length * size);
  for (const slab of slabs) slab.release();
  assert.equal(arena.byteCount, 0);
});

Deno.test("Slab.release() refuses a slab that it has already", () => {
  const arena = new Arena();
  const slab = new Slab(arena, 100);
  new Slab(arena, 100);
  slab.release();
  assert.throws(() => slab.release(), /given back once/);
});

Deno.test("Slab is the same memory as bytes, words and doubles", () => {
  const { page, start } = new Slab(new Arena(), 64);
  page.doubles[start / 8] = 1.5;
  assert.equal(new DataView(page.bytes.buffer).getFloat64(start, true), 1.5);
  page.words[start / 4 + 2] = 7;
  assert.equal(page.bytes[start + 8], 7);
});

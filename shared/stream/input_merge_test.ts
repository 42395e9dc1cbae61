import assert from "node:assert/strict";
import { type Fetched, NO_HEADERS } from "../log/log.ts";
import { FetchedRecords, gatherPlaces } from "../log/record_places.ts";
import { CLOCK_SKEW_MS, InputMerge } from "./input_merge.ts";

function fetched(
  input: string,
  firstOffset: number,
  appendMs: readonly number[],
  rest: Partial<Fetched> = {},
): Fetched {
  const records = appendMs.map((ms, index) => ({
    offset: firstOffset + index,
    appendMs: ms,
    key: null,
    value: null,
    headers: NO_HEADERS,
  }));
  const nextOffset = firstOffset + records.length;
  return new FetchedRecords(
    gatherPlaces({ topic: input, partition: 0 }, records),
    { nextOffset, atEndMs: undefined, ...rest },
  );
}

/** Takes all that may pass: input and append time. */
function drain(merge: InputMerge): string[] {
  const order: string[] = [];
  for (let input = merge.next(); input !== -1; input = merge.next()) {
    const records = merge.records(input);
    order.push(`${records.topic}${records.appendMs(merge.index(input))}`);
    merge.take(input);
  }
  return order;
}

/*
 *   a  ●1    ●3    ●5 …
 *   b     ●2 ●3 ●4        then nothing is known of b
 */
Deno.test("InputMerge orders by append time, then topic, as far as all inputs are known", () => {
  const merge = new InputMerge([0, 0]);
  merge.add([fetched("a", 0, [1, 3, 5]), fetched("b", 0, [2, 3, 4])]);
  assert.deepEqual(drain(merge), ["a1", "b2", "a3", "b3", "b4"]);
  assert.deepEqual(merge.wanted(), [undefined, 3]);
  merge.add([undefined, fetched("b", 3, [6])]);
  assert.deepEqual(drain(merge), ["a5"]);
});

Deno.test("InputMerge lets a record pass an input read to its end later than the skew", () => {
  const merge = new InputMerge([0, 0]);
  const endAt = (atEndMs: number) => fetched("b", 0, [], { atEndMs });
  merge.add([fetched("a", 0, [10_000]), endAt(10_000 + CLOCK_SKEW_MS)]);
  assert.deepEqual(drain(merge), []);
  merge.add([undefined, endAt(10_001 + CLOCK_SKEW_MS)]);
  assert.deepEqual(drain(merge), ["a10000"]);
});

Deno.test("InputMerge counts a record that comes after a younger one has passed", () => {
  const merge = new InputMerge([0, 0]);
  merge.add([fetched("a", 0, [10_000]), fetched("b", 0, [], { atEndMs: 20_000 })]);
  drain(merge);
  merge.add([fetched("a", 1, [11_000]), fetched("b", 0, [9_000, 12_000])]);
  assert.deepEqual(drain(merge), ["b9000", "a11000"]);
  assert.equal(merge.violations, 1);
});

Deno.test("InputMerge keeps to the order of heads where an input's append times step back", () => {
  const whole = new InputMerge([0, 0]);
  const inputs = [fetched("a", 0, [1, 9, 4, 10]), fetched("b", 0, [2, 5, 11])] as const;
  whole.add(inputs);
  const order = drain(whole);
  assert.deepEqual(order, ["a1", "b2", "b5", "a9", "a4", "a10"]);
  const later = new InputMerge([1, 1]);
  later.add([fetched("a", 1, [9, 4, 10]), fetched("b", 1, [5, 11])]);
  assert.deepEqual(drain(later), order.slice(2));
});

Deno.test("InputMerge.limitTo() ends a replay at its offsets, waiting for nothing beyond", () => {
  const merge = new InputMerge([0, 0]);
  merge.limitTo([2, 1]);
  merge.add([fetched("a", 0, [1, 2, 3]), fetched("b", 0, [5, 6])]);
  assert.equal(merge.isExhausted, false);
  assert.deepEqual(drain(merge), ["a1", "a2", "b5"]);
  assert.equal(merge.isExhausted, true);
  assert.deepEqual(merge.positions(), [2, 1]);
  merge.limitTo([Infinity, Infinity]);
  assert.deepEqual(drain(merge), ["a3"]);
});

Deno.test("InputMerge.positions() pass over offsets without records", () => {
  const merge = new InputMerge([0]);
  merge.add([fetched("a", 0, [1, 2], { nextOffset: 5 })]);
  merge.take(0);
  assert.deepEqual(merge.positions(), [1]);
  merge.take(0);
  assert.deepEqual(merge.positions(), [5]);
  merge.add([fetched("a", 5, [], { nextOffset: 7, atEndMs: 1 })]);
  assert.deepEqual(merge.positions(), [7]);
  assert.equal(merge.isAtEnd, true);
});

import assert from "node:assert/strict";
import { readingSchema } from "../events.ts";
import { NO_HEADERS } from "../log/log.ts";
import { partitionOf } from "../log/partition.ts";
import { InputLog } from "../testing/input_log.ts";
import { readEntry } from "./entries.ts";
import { expectTraining } from "./oracle.ts";
import { DEFAULT_SEMANTICS } from "./semantics.ts";

const RULES = { partitionCount: 1, maxAheadS: 10 };

function kindOf(value: string | null, key: string | null = "home", rules = RULES): string {
  const log = new InputLog().raw({ topic: "power", appendMs: 100_999, key, value });
  return readEntry(log.power[0]!, readingSchema, rules).kind;
}

function valueAt(timestamp: number): string {
  return JSON.stringify({ client_id: "home", username: "user", timestamp, consumption: 1 });
}

// append time 100.999, floored: 100       max-ahead 10:   … 110 │ 111 …
const kinds: [title: string, actual: () => string, kind: string][] = [
  ["an event as far ahead as max-ahead allows", () => kindOf(valueAt(110)), "event"],
  ["an event of any age", () => kindOf(valueAt(0)), "event"],
  ["future, one second further ahead", () => kindOf(valueAt(111)), "future"],
  ["invalid without a value", () => kindOf(null), "invalid"],
  ["invalid without a key", () => kindOf(valueAt(100), null), "invalid"],
  ["invalid with another household's key", () => kindOf(valueAt(100), "Home"), "invalid"],
  ["invalid where the value is no JSON", () => kindOf("{"), "invalid"],
  ["invalid where the value is no reading", () => kindOf("{}"), "invalid"],
  ["invalid in milliseconds, not future", () => kindOf(valueAt(1.8e12)), "invalid"],
  [
    "invalid without key and value, where the tick's header is missing",
    () => kindOf(null, null),
    "invalid",
  ],
];
for (const [title, actual, kind] of kinds) {
  Deno.test(`readEntry() reads ${title}`, () => assert.equal(actual(), kind));
}

Deno.test("readEntry() calls a record misplaced that is not in its key's partition", () => {
  const rules = { ...RULES, partitionCount: 10 };
  const partition = partitionOf("home", 10);
  for (let other = 0; other < 10; other++) {
    const log = new InputLog({ partition: other, partitionCount: 10 }).reading(100);
    const { kind } = readEntry(log.power[0]!, readingSchema, rules);
    assert.equal(kind, other === partition ? "event" : "misplaced");
  }
});

Deno.test("readEntry() calls a record invalid before it calls it misplaced or future", () => {
  const log = new InputLog({ partition: (partitionOf("home", 10) + 1) % 10 });
  log.raw({ topic: "power", appendMs: 100_000, key: "home", value: "{}" });
  log.reading(200, { atS: 100 });
  const kinds = log.power.map((record) =>
    readEntry(record, readingSchema, { ...RULES, partitionCount: 10 }).kind
  );
  assert.deepEqual(kinds, ["invalid", "misplaced"]);
});

Deno.test("readEntry() knows ticks on power only", () => {
  const tick = new InputLog().tick(100).power[0]!;
  assert.equal(readEntry(tick, readingSchema, RULES).kind, "tick");
  assert.equal(readEntry({ ...tick, headers: NO_HEADERS }, readingSchema, RULES).kind, "invalid");
  const elsewhere = { ...tick, topic: "device-state" };
  assert.equal(readEntry(elsewhere, readingSchema, RULES).kind, "invalid");
  assert.equal(
    readEntry({ ...tick, value: new Uint8Array() }, readingSchema, RULES).kind,
    "invalid",
  );
});

Deno.test("expectTraining() owes a dead letter for each record it refuses", () => {
  const log = new InputLog().reading(100)
    .raw({ topic: "power", appendMs: 100_000, key: "home", value: null })
    .raw({ topic: "device-state", appendMs: 100_000, key: "home", value: "no JSON" })
    .state(111, { atS: 100 });
  const { deadLetters, outcomes } = expectTraining(log, DEFAULT_SEMANTICS);
  assert.deepEqual(deadLetters, [
    { reason: "invalid", topic: "device-state", partition: 0, offset: 0 },
    { reason: "future", topic: "device-state", partition: 0, offset: 1 },
    { reason: "invalid", topic: "power", partition: 0, offset: 1 },
  ]);
  assert.deepEqual([outcomes.invalid, outcomes.future, outcomes.held], [2, 1, 1]);
});

import assert from "node:assert/strict";
import { deadLetterSchema } from "../events.ts";
import type { LogRecord } from "../log/log.ts";
import { NO_HEADERS } from "../log/log.ts";
import { partitionOf } from "../log/partition.ts";
import { gatherPlaces } from "../log/record_places.ts";
import { scanned } from "../testing/recording_sink.ts";
import { DEAD_LETTER_TOPIC, POWER_TOPIC, TICK_HEADER } from "../topics.ts";
import { decodeClosed, isClosed } from "./closed_memory.ts";
import { HouseholdMemories } from "./household_memories.ts";
import type { Household, HouseholdEvent, HouseholdParts, WorkerCore } from "./household.ts";
import { HouseholdTask, type TaskSettings } from "./household_task.ts";

const encoder = new TextEncoder();

/** A household that only says what happens to it. */
class Recorder implements Household<HouseholdEvent> {
  readonly events: string[];
  readonly closedS: number;
  readonly #parts: HouseholdParts;

  constructor(parts: HouseholdParts, events: string[]) {
    this.#parts = parts;
    this.events = events;
    this.closedS = decodeClosed(parts.memory);
    events.push(`${parts.name.client_id} born, closed up to ${this.closedS}`);
  }

  accept({ timestamp }: HouseholdEvent) {
    this.events.push(`${this.#parts.name.client_id} takes ${timestamp}`);
    return timestamp < this.closedS ? "late" as const : "used" as const;
  }

  close(): void {
    this.events.push("closed");
    const { name, sink } = this.#parts;
    sink.emit(name, { topic: "out", value: "closed" });
    const [key, headers] = [`u/${name.client_id}`, { version: "1" }];
    sink.emit(name, { topic: "own", value: new Uint8Array(3), key, headers });
  }

  release(): void {}

  oldestPlace(): number {
    return Infinity;
  }
}

class Driver {
  readonly events: string[] = [];
  readonly task: HouseholdTask<HouseholdEvent>;
  #offset = 0;

  constructor(
    memories = new HouseholdMemories(),
    { partitionCount = 1, outputBytesMax }: Pick<TaskSettings, "outputBytesMax"> & {
      readonly partitionCount?: number;
    } = {},
  ) {
    const core: WorkerCore<HouseholdEvent> = {
      closedPast: (_second, memory) => memory,
      name: "recorder",
      inputs: [POWER_TOPIC],
      outputTopics: ["out", "own"],
      decode: (_input, records, index) => {
        const value = records.value(index);
        if (value === null || value.length === 0) return { ok: false, error: "payload: nothing" };
        const event = JSON.parse(new TextDecoder().decode(value));
        return { ok: true, event: scanned({ ...event, consumption: 0 }) };
      },
      isMemory: isClosed,
      household: (parts) => new Recorder(parts, this.events),
    };
    const bounds = { idleTimeoutS: 60, maxAheadS: 10, outputBytesMax };
    const settings = { ...bounds, partition: 0, partitionCount };
    this.task = new HouseholdTask(core, settings, { households: memories });
  }

  event(
    clientId: string,
    timestamp: number,
    appendMs: number,
    { key = clientId, username = "u" }: { key?: string | null; username?: string } = {},
  ): void {
    const value = JSON.stringify({ client_id: clientId, username, timestamp });
    this.record(appendMs, key, encoder.encode(value));
  }

  record(
    appendMs: number,
    key: string | null,
    value: Uint8Array | null,
    headers: LogRecord["headers"] = NO_HEADERS,
  ): boolean {
    const keyBytes = key === null ? null : encoder.encode(key);
    const records = gatherPlaces({ topic: POWER_TOPIC, partition: 0 }, [
      { offset: this.#offset, appendMs, key: keyBytes, value, headers },
    ]);
    return this.task.process(records, 0, 0, this.#offset++);
  }

  /** Dead letters since the last call, as reason and error. */
  letters(): string[] {
    return this.task.takeOutput()
      .filter((record) => record.topic === DEAD_LETTER_TOPIC)
      .map((record) => deadLetterSchema.parse(JSON.parse(record.value as string)))
      .map((letter) => `${letter.reason}: ${letter.error}`);
  }
}

Deno.test("HouseholdTask refuses what is over max-ahead of its append second, not at it", () => {
  const driver = new Driver();
  driver.event("a", 110, 100_999);
  driver.event("a", 111, 100_999);
  assert.deepEqual(driver.events, ["a born, closed up to -Infinity", "a takes 110"]);
  const [letter, ...rest] = driver.letters();
  assert.match(letter!, /^future: timestamp: 111 is 11 s ahead/);
  assert.equal(rest.length, 0);
});

Deno.test("HouseholdTask closes a household silent for idle-timeout before its next record", () => {
  const driver = new Driver();
  const steps = Array.from({ length: 13 }, (_, index) => 1_000 + index * 5_000);
  driver.event("a", 1, steps[0]!);
  for (const ms of steps.slice(1, 12)) driver.event("b", 1, ms);
  driver.event("a", 2, 60_999);
  assert.ok(!driver.events.includes("closed"), "at 59,999 ms of silence it is alive");
  for (const ms of steps.slice(0, 12)) driver.event("b", 1, 60_000 + ms);
  driver.event("a", 3, 120_999);
  assert.equal(driver.events.at(-3), "closed");
  assert.equal(driver.events.at(-1), "a takes 3");
});

Deno.test("HouseholdTask takes an outage of everyone for 5 s of stream time", () => {
  const driver = new Driver();
  driver.event("a", 1, 1_000);
  driver.event("a", 2, 3_600_000);
  assert.ok(!driver.events.includes("closed"));
});

Deno.test("HouseholdTask does not take a future record for a sign of life", () => {
  const driver = new Driver();
  driver.event("a", 1, 0);
  for (let second = 5; second <= 60; second += 5) driver.event("a", 1e9, second * 1000);
  assert.equal(driver.events.at(-1), "closed");
  assert.equal(driver.task.householdCount, 0);
});

Deno.test("HouseholdTask closes all at a tick, and begins again from its memory", () => {
  const memories = new HouseholdMemories();
  memories.set({ client_id: "a", username: "u" }, "50");
  const driver = new Driver(memories);
  driver.event("a", 60, 60_000);
  driver.record(61_000, null, null, { [TICK_HEADER]: "1" });
  assert.deepEqual(driver.events, ["a born, closed up to 50", "a takes 60", "closed"]);
  driver.event("a", 49, 62_000);
  assert.match(driver.letters()[0]!, /^late: timestamp: 49 is late, .* closed up to 50/);
});

/*
 *   each household puts out 9 bytes as it closes, and a batch takes 10:
 *
 *   tick   a b │ output taken │ c, tick taken
 */
Deno.test("HouseholdTask closes as many as a batch takes, and the tick is taken once all are closed", () => {
  const driver = new Driver(undefined, { outputBytesMax: 10 });
  for (const [index, name] of ["a", "b", "c"].entries()) driver.event(name, 1, index);
  const tick = () => driver.record(1_000, null, null, { [TICK_HEADER]: "1" });
  assert.equal(tick(), false);
  assert.equal(driver.task.householdCount, 1);
  assert.equal(driver.task.takeNotes().outcomes.tick, 0);
  assert.equal(tick(), false, "nothing of the output was taken");
  assert.equal(driver.task.takeOutput().length, 4);
  assert.equal(tick(), true);
  assert.equal(driver.task.householdCount, 0);
  assert.equal(driver.task.takeOutput().length, 2);
  assert.equal(driver.task.takeNotes().outcomes.tick, 1);
});

Deno.test("HouseholdTask takes a record once all that its append time closes has come out", () => {
  const driver = new Driver(undefined, { outputBytesMax: 10 });
  for (const name of ["a", "b", "c"]) driver.event(name, 1, 0);
  for (let second = 5; second < 60; second += 5) driver.event("d", second, 1000 * second);
  driver.task.takeNotes();
  driver.event("c", 60, 60_000);
  assert.deepEqual(driver.events.slice(-3), ["d takes 55", "closed", "closed"]);
  assert.equal(driver.task.takeNotes().silencedCount, 2);
  driver.task.takeOutput();
  driver.event("c", 60, 60_000);
  assert.deepEqual(driver.events.slice(-3), [
    "closed",
    "c born, closed up to -Infinity",
    "c takes 60",
  ]);
});

Deno.test("HouseholdTask puts what has a key of its own into the household's partition", () => {
  const driver = new Driver();
  driver.event("a", 1, 0);
  driver.record(1000, null, null, { [TICK_HEADER]: "1" });
  assert.deepEqual(driver.task.takeOutput(), [
    { topic: "out", key: "a", value: "closed" },
    {
      topic: "own",
      key: "u/a",
      value: new Uint8Array(3),
      partition: 0,
      headers: { version: "1" },
    },
  ]);
  assert.deepEqual(driver.task.takeNotes().emitted, { out: 1, own: 1 });
});

/*
 *   a of u       ● 0 s                                        silent at 60 s: closed
 *   a of other      ● 5 s … ● every 5 s                       alive
 */
Deno.test("HouseholdTask keeps the households of two users with one client id apart", () => {
  const driver = new Driver();
  driver.event("a", 1, 0);
  driver.task.takeNotes();
  for (let second = 5; second < 60; second += 5) {
    driver.event("a", second, second * 1000, { username: "other" });
  }
  assert.equal(driver.task.householdCount, 2);
  driver.event("a", 60, 60_000, { username: "other" });
  assert.equal(driver.events.filter((event) => event.startsWith("a born")).length, 2);
  assert.deepEqual(driver.events.slice(-2), ["closed", "a takes 60"]);
  assert.equal(driver.task.householdCount, 1);
  driver.event("a", 61, 61_000);
  assert.deepEqual(driver.events.slice(-2), ["a born, closed up to -Infinity", "a takes 61"]);
  driver.record(62_000, null, null, { [TICK_HEADER]: "1" });
  assert.equal(driver.task.householdCount, 0);
});

Deno.test("HouseholdTask names what is wrong with a record that is nobody's", () => {
  const driver = new Driver(new HouseholdMemories(), { partitionCount: 2 });
  const [home, foreign] = [0, 1].map((partition) =>
    ["a", "b", "c", "d", "e"].find((name) => partitionOf(name, 2) === partition)!
  );
  driver.record(0, home!, null);
  driver.record(0, null, null);
  driver.event(home!, 0, 0, { key: null });
  driver.event(home!, 0, 0, { key: foreign! });
  driver.event(foreign!, 0, 0);
  const letters = driver.letters();
  const reasons = [
    /^invalid: payload: nothing/,
    /^invalid: payload: nothing/,
    /^invalid: key: the record has none/,
    new RegExp(`^invalid: key: differs from client_id ${home}`),
    /^misplaced: key: belongs to partition 1 by murmur2, not to 0/,
  ];
  assert.equal(letters.length, reasons.length);
  reasons.forEach((reason, index) => assert.match(letters[index]!, reason));
  assert.deepEqual(driver.events, []);
});

import assert from "node:assert/strict";
import type { DeadLetter } from "../events.ts";
import type { Log, LogRecord, NewRecord } from "../log/log.ts";
import { openLog } from "../log/open.ts";
import { DEFAULT_TOPIC_LAYOUT, parseTopicLayout, type TopicLayout } from "../mqtt/topics.ts";
import { DEAD_LETTER_TOPIC, DEVICE_STATE_TOPIC, POWER_TOPIC, wattstreamTopics } from "../topics.ts";
import { validate } from "../mqtt/validate.ts";
import { kindOfError, kindsOf, readLetters } from "./letters.ts";
import { dryReplay, replay, type ReplayOptions } from "./replay.ts";

const SECOND = 1_790_000_000;
const layout = layoutOf(DEFAULT_TOPIC_LAYOUT);
const DEFAULT: ReplayOptions = { reasons: ["invalid", "forged", "misplaced"], fixes: [], layout };

function layoutOf(text: string): TopicLayout {
  const parsed = parseTopicLayout(text);
  assert.ok(parsed.ok);
  return parsed.layout;
}

/** The dead letter that the bridge writes of this message. */
function refusedByBridge(content: unknown, topic = "energy/anna/flat-1/power"): NewRecord {
  const payload = new TextEncoder().encode(
    typeof content === "string" ? content : JSON.stringify(content),
  );
  const [verdict] = validate({ topic, payload, arrivedMs: SECOND * 1000 }, layout);
  assert.ok(verdict?.refusal !== undefined);
  return verdict.record;
}

function refusedByWorker(letter: Partial<DeadLetter>): NewRecord {
  const value = JSON.stringify({
    reason: "late",
    source: "predictions",
    error: "timestamp: all its windows are closed",
    topic: POWER_TOPIC,
    partition: 3,
    offset: 7,
    payload: JSON.stringify(reading({})),
    received_at: SECOND * 1000,
    ...letter,
  });
  return { topic: DEAD_LETTER_TOPIC, key: "flat-1", value };
}

function reading(fields: Record<string, unknown>) {
  return { client_id: "flat-1", username: "anna", timestamp: SECOND, consumption: 1, ...fields };
}

async function withLetters(
  letters: readonly NewRecord[],
  run: (log: Log) => Promise<void>,
): Promise<void> {
  const folder = await Deno.makeTempDir();
  const log = await openLog(`sqlite:${folder}/log.db`);
  try {
    await log.createTopics(wattstreamTopics());
    const appender = log.appender();
    await appender.append(letters);
    await appender.close();
    await run(log);
  } finally {
    await log.close();
    await Deno.remove(folder, { recursive: true });
  }
}

async function recordsOf(log: Log, topic: string): Promise<LogRecord[]> {
  const records: LogRecord[] = [];
  for await (const record of log.read({ topic })) records.push(record);
  return records;
}

async function valuesOf(log: Log, topic: string): Promise<unknown[]> {
  return (await recordsOf(log, topic)).map(({ value }) =>
    JSON.parse(new TextDecoder().decode(value!))
  );
}

Deno.test("replay() appends what a fix has mended, once, and leaves the rest for another fix", () =>
  withLetters([
    refusedByBridge(reading({ timestamp: SECOND * 1000 })),
    refusedByBridge(reading({ timestamp: SECOND + 1, consumption: "1,5" })),
    refusedByBridge("{"),
  ], async (log) => {
    const first = await replay(log, DEFAULT);
    assert.deepEqual([first.replayed, first.already, first.refused.size], [0, 0, 3]);
    const second = await replay(log, { ...DEFAULT, fixes: ["milliseconds"] });
    assert.deepEqual([second.replayed, second.refused.size], [1, 2]);
    assert.deepEqual(await valuesOf(log, POWER_TOPIC), [reading({})]);
    const third = await replay(log, { ...DEFAULT, fixes: ["numbers", "milliseconds"] });
    assert.deepEqual([third.replayed, third.already, third.refused.size], [1, 1, 1]);
    assert.deepEqual(await valuesOf(log, POWER_TOPIC), [
      reading({}),
      reading({ timestamp: SECOND + 1, consumption: 1.5 }),
    ]);
    const again = await replay(log, { ...DEFAULT, fixes: ["numbers", "milliseconds"] });
    assert.deepEqual([again.replayed, again.already], [0, 2]);
    assert.equal((await recordsOf(log, POWER_TOPIC)).length, 2);
  }));

Deno.test("replay() marks what it appends with the place of its letter, and with its stamp", () =>
  withLetters(
    [refusedByBridge({ client_id: "flat-1", username: "anna", consumption: "2" })],
    async (log) => {
      await replay(log, { ...DEFAULT, fixes: ["numbers"] });
      const [record] = await recordsOf(log, POWER_TOPIC);
      assert.match(record!.headers["wattstream-replayed"]!, /^dead-letter\/\d\/0$/);
      assert.equal(record!.headers["wattstream-stamped"], "true");
      assert.deepEqual(await valuesOf(log, POWER_TOPIC), [reading({ consumption: 2 })]);
    },
  ));

Deno.test("replay() takes the identity from the topic only where that fix is asked for", () =>
  withLetters([refusedByBridge(reading({ username: "berta" }))], async (log) => {
    assert.equal((await replay(log, DEFAULT)).replayed, 0);
    assert.equal((await replay(log, { ...DEFAULT, fixes: ["identity"] })).replayed, 1);
    assert.deepEqual(await valuesOf(log, POWER_TOPIC), [reading({})]);
  }));

Deno.test("replay() judges by another layout where that was what was wrong", () =>
  withLetters([refusedByBridge(reading({}), "power")], async (log) => {
    assert.equal((await replay(log, DEFAULT)).replayed, 0);
    assert.equal((await replay(log, { ...DEFAULT, layout: layoutOf("flat") })).replayed, 1);
  }));

Deno.test("replay() takes late and future only where they are named, and one record once", () =>
  withLetters([
    refusedByWorker({}),
    refusedByWorker({ source: "training" }),
    refusedByWorker({
      reason: "misplaced",
      topic: DEVICE_STATE_TOPIC,
      payload: JSON.stringify({
        client_id: "flat-2",
        username: "anna",
        timestamp: 1,
        state_bitmap: [true],
      }),
    }),
  ], async (log) => {
    const first = await replay(log, DEFAULT);
    assert.deepEqual([first.replayed, first.already], [1, 0]);
    assert.equal((await recordsOf(log, DEVICE_STATE_TOPIC)).length, 1, "now in its own partition");
    const late = await replay(log, { ...DEFAULT, reasons: ["late"] });
    assert.deepEqual([late.replayed, late.already], [1, 1]);
    assert.equal((await recordsOf(log, POWER_TOPIC)).length, 1);
  }));

Deno.test("replay() mends the clock of one household, and leaves the others", () => {
  const ahead = (client_id: string, offset: number) => {
    const payload = JSON.stringify(reading({ client_id, timestamp: SECOND + 3600 }));
    return refusedByWorker({ reason: "future", payload, offset });
  };
  return withLetters([ahead("flat-1", 1), ahead("flat-2", 2)], async (log) => {
    const options: ReplayOptions = {
      ...{ reasons: ["future"], fixes: [{ shiftS: -3600 }], layout, household: "anna/flat-1" },
    };
    assert.equal((await replay(log, options)).replayed, 1);
    assert.deepEqual(await valuesOf(log, POWER_TOPIC), [reading({})]);
  });
});

Deno.test("dryReplay() says what replay() would do, and does nothing", () =>
  withLetters([refusedByBridge(reading({ timestamp: SECOND * 1000 }))], async (log) => {
    const options: ReplayOptions = { ...DEFAULT, fixes: ["milliseconds"] };
    assert.equal((await dryReplay(log, options)).replayed, 1);
    assert.equal((await recordsOf(log, POWER_TOPIC)).length, 0);
    await replay(log, options);
    const after = await dryReplay(log, options);
    assert.deepEqual([after.replayed, after.already], [0, 1]);
  }));

Deno.test("kindsOf() counts letters by reason, source and kind of error", () =>
  withLetters([
    refusedByBridge(reading({ username: "berta" })),
    refusedByBridge(reading({ username: "clara" })),
    refusedByWorker({}),
  ], async (log) => {
    assert.deepEqual(await kindsOf(readLetters(log)), [
      {
        reason: "forged",
        source: "bridge",
        error: 'username: the topic says "…", the payload "…"',
        count: 2,
        latest_ms: SECOND * 1000,
      },
      {
        reason: "late",
        source: "predictions",
        error: "timestamp: all its windows are closed",
        count: 1,
        latest_ms: SECOND * 1000,
      },
    ]);
  }));

const KINDS: readonly [error: string, kind: string][] = [
  [
    "payload: expected at most 65536 bytes, got 70000; x: y",
    "payload: expected at most N bytes, got N",
  ],
  ["the payload is not UTF-8", "the payload is not UTF-8"],
  [
    "key: belongs to partition 3 by murmur2, not to 4",
    "key: belongs to partition N by murmur2, not to N",
  ],
  ["state_bitmap.17: expected -1.5 or (2)", "state_bitmap.N: expected N or (N)"],
  ['username: the topic says "a long name that is cut…', 'username: the topic says "…"'],
];

for (const [error, kind] of KINDS) {
  Deno.test(`kindOfError() leaves out what differs from letter to letter: ${kind}`, () => {
    assert.equal(kindOfError(error), kind);
  });
}

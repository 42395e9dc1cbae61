/**
 * What the publisher remembers at any of its transactions is what the log says up to there: each
 * counter is the sum of the log's watts, whatever was killed before.
 */
import assert from "node:assert/strict";
import fc from "fast-check";
import type { Disaggregated } from "../../shared/events.ts";
import type { LogRecord } from "../../shared/log/log.ts";
import { partitionOf } from "../../shared/log/partition.ts";
import { DEFAULT_SEMANTICS } from "../../shared/oracle/semantics.ts";
import { householdOf } from "../../shared/stream/household_memories.ts";
import { seededRandom } from "../../shared/testing/seeded_random.ts";
import type { LogSnapshot } from "../../shared/testing/simulated_task_log.ts";
import { publisherCore } from "../../workers/publisher/core.ts";
import { type AnswersLog, answersLogArbitrary, PARTITION_COUNT } from "./answers_log.ts";
import { run } from "./law.ts";

const RECORDS_MAX = 40;
const LOGS = Number(Deno.env.get("WATTSTREAM_LAW_LOGS") ?? 200);
const SEED = Number(Deno.env.get("WATTSTREAM_LAW_SEED") ?? Date.now() % 1_000_000_000);
const ENDS_ON_FAILURE = Deno.env.has("WATTSTREAM_LAW_ENDS_ON_FAILURE");

/** What is known of a household. */
interface Known {
  energyWs: number[];
  timestamp: number | undefined;
  names: readonly string[] | undefined;
  model: readonly string[] | undefined;
}

const textOf = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

/** What records say, in the order of append time, topic and offset. */
function knownFrom(records: readonly LogRecord[]): Map<string, Known> {
  const known = new Map<string, Known>();
  const inOrder = records.toSorted((a, b) =>
    a.appendMs - b.appendMs || (a.topic < b.topic ? -1 : a.topic > b.topic ? 1 : 0) ||
    a.offset - b.offset
  );
  for (const record of inOrder) {
    const key = textOf(record.key!);
    if (record.value === null) {
      const former = known.get(key);
      if (former === undefined) continue;
      if (record.topic === "household") former.names = undefined;
      else known.set(key, nothing());
      continue;
    }
    const event = JSON.parse(textOf(record.value));
    const name = `${event.username}/${event.client_id}`;
    if (partitionOf(event.client_id, PARTITION_COUNT) !== 0) continue;
    if (record.topic !== "disaggregated" && key !== name) continue;
    if (record.topic === "disaggregated" && event.on.length !== event.watts.length) continue;
    const household = known.get(name) ?? nothing();
    known.set(name, household);
    if (record.topic === "disaggregated") count(household, event);
    else {
      const devices: { name: string; status: string }[] = event.devices;
      if (record.topic === "household") household.names = devices.map((each) => each.name);
      else household.model = devices.map((each) => each.status);
    }
  }
  return known;
}

function nothing(): Known {
  return { energyWs: [], timestamp: undefined, names: undefined, model: undefined };
}

function count(household: Known, { watts, timestamp }: Disaggregated): void {
  household.timestamp = timestamp;
  for (const [device, each] of watts.entries()) {
    household.energyWs[device] = (household.energyWs[device] ?? 0) + (each ?? 0);
  }
}

/** The same, as a task's memory has it. */
function knownTo({ memory }: LogSnapshot): Map<string, Known> {
  const known = new Map<string, Known>();
  for (const [name, text] of memory) {
    const household = householdOf(name);
    if (household === undefined) continue;
    const { energyWs, second, names, model } = JSON.parse(text);
    known.set(`${household.username}/${household.client_id}`, {
      ...{ energyWs, timestamp: second?.timestamp, names },
      model: model?.devices.map((each: { status: string }) => each.status),
    });
  }
  return known;
}

const sorted = (known: Map<string, Known>) => [...known].sort(([a], [b]) => a < b ? -1 : 1);

function runCore(log: AnswersLog, random: () => number, start?: LogSnapshot) {
  const input = {
    ...{ semantics: DEFAULT_SEMANTICS, partitionCount: PARTITION_COUNT, seed: log.seed },
    ...{ power: [], deviceState: [] },
  };
  return run(input, publisherCore(), log.inputs, random, start === undefined ? {} : { start });
}

Deno.test(`publisher counts what the log says, at every crash point (seed ${SEED}, ${LOGS} logs)`, async () => {
  let counted = 0;
  await fc.assert(
    fc.asyncProperty(answersLogArbitrary(RECORDS_MAX), async (log) => {
      const random = seededRandom(log.seed);
      const check = (snapshot: LogSnapshot, title: string) => {
        const read = log.inputs.flatMap((records, input) =>
          records.slice(0, snapshot.offsets[input])
        );
        const known = knownTo(snapshot);
        assert.deepEqual(sorted(known), sorted(knownFrom(read)), title);
        for (const { energyWs } of known.values()) if (energyWs.some((ws) => ws > 0)) counted++;
      };
      const whole = await runCore(log, random);
      for (const [index, snapshot] of whole.snapshots.entries()) {
        check(snapshot, `transaction ${index + 1}`);
        const rest = await runCore(log, random, snapshot);
        for (const each of rest.snapshots) check(each, `crash after transaction ${index + 1}`);
      }
    }),
    { numRuns: LOGS, seed: SEED, endOnFailure: ENDS_ON_FAILURE },
  );
  assert.ok(counted > 0, "nothing was counted");
});

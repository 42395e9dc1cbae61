import assert from "node:assert/strict";
import fc from "fast-check";
import {
  decodeEvent,
  disaggregatedSchema,
  type Model,
  modelSchema,
  predictionWindowSchema,
  trainingDatasetSchema,
} from "../../shared/events.ts";
import { type LogRecord, NO_HEADERS } from "../../shared/log/log.ts";
import { partitionOf } from "../../shared/log/partition.ts";
import { DEFAULT_SEMANTICS } from "../../shared/oracle/semantics.ts";
import { seededRandom } from "../../shared/testing/seeded_random.ts";
import { disaggregationCore } from "../../workers/disaggregation/core.ts";
import {
  type HouseholdMemory,
  learnedWith,
} from "../../workers/disaggregation/household_memory.ts";
import { disaggregate, readyModel } from "../../workers/disaggregation/model/disaggregate.ts";
import { PosteriorSmoother } from "../../workers/disaggregation/model/posterior.ts";
import { DATASET_TOPIC } from "../../shared/topics.ts";
import { letterKey, type Run, run } from "./law.ts";
import {
  HOUSEHOLDS,
  type LearningLog,
  learningLogArbitrary,
  PARTITION_COUNT,
} from "./learning_log.ts";

const RECORDS_MAX = 40;
const LOGS = Number(Deno.env.get("WATTSTREAM_LAW_LOGS") ?? 100);
const SEED = Number(Deno.env.get("WATTSTREAM_LAW_SEED") ?? Date.now() % 1_000_000_000);
const ENDS_ON_FAILURE = Deno.env.has("WATTSTREAM_LAW_ENDS_ON_FAILURE");

/** What the log's datasets and windows must lead to, read all at once. */
function expectedOf({ datasets, windows }: LearningLog): string[] {
  const smoother = new PosteriorSmoother();
  const outputs: string[] = [];
  for (const record of [...datasets, ...windows]) {
    const { reason, topic, offset } = { reason: problemOf(record), ...record };
    if (reason !== undefined) outputs.push(letterKey({ reason, topic, partition: 0, offset }));
  }
  const good = (records: readonly LogRecord[]) =>
    records.filter((record) => problemOf(record) === undefined);
  const learned = new Map<
    string,
    { readonly appendMs: number; readonly memory: HouseholdMemory }[]
  >();
  for (const { value, appendMs } of good(datasets)) {
    const dataset = trainingDatasetSchema.parse(JSON.parse(new TextDecoder().decode(value!)));
    const models = learned.get(nameOf(dataset)) ?? [];
    learned.set(nameOf(dataset), models);
    const identity = { client_id: dataset.client_id, username: dataset.username };
    const former = models.at(-1)?.memory;
    // What is learned changes the learner in place: each model is made of a copy.
    const memory = learnedWith(structuredClone(former), dataset, { identity, smoother });
    models.push({ appendMs, memory });
    outputs.push(JSON.stringify(memory.model));
  }
  for (const { value, appendMs } of good(windows)) {
    const window = predictionWindowSchema.parse(JSON.parse(new TextDecoder().decode(value!)));
    // Of equal append times that of the dataset comes first, by the name of its topic.
    const before = learned.get(nameOf(window))?.filter((each) => each.appendMs <= appendMs);
    const model = before?.at(-1)?.memory.model;
    if (model === undefined) continue;
    const states = disaggregate(readyModel(model), window, smoother);
    if (states !== undefined) outputs.push(JSON.stringify(states));
  }
  return outputs.sort();
}

function problemOf({ key, value }: LogRecord): string | undefined {
  if (partitionOf(new TextDecoder().decode(key!), PARTITION_COUNT) !== 0) return "misplaced";
  const event = JSON.parse(new TextDecoder().decode(value!));
  return event.consumption.length === event.timestamps.length ? undefined : "invalid";
}

const nameOf = (event: { readonly client_id: string; readonly username: string }) =>
  `${event.username}/${event.client_id}`;

function runCore(log: LearningLog, random: () => number, start?: Run["snapshots"][number]) {
  const input = {
    ...{ semantics: DEFAULT_SEMANTICS, partitionCount: PARTITION_COUNT, seed: log.seed },
    ...{ power: [], deviceState: [] },
  };
  const inputs = [log.datasets, log.windows];
  return run(input, disaggregationCore(), inputs, random, start === undefined ? {} : { start });
}

Deno.test(`disaggregation holds the law at every crash point (seed ${SEED}, ${LOGS} logs)`, async () => {
  let [models, states] = [0, 0];
  await fc.assert(
    fc.asyncProperty(learningLogArbitrary(RECORDS_MAX), async (log) => {
      const random = seededRandom(log.seed);
      const whole = await runCore(log, random);
      assert.deepEqual([...whole.outputs].sort(), expectedOf(log));
      assert.equal(whole.heldCount, 0);
      for (const [index, snapshot] of whole.snapshots.entries()) {
        const rest = await runCore(log, random, snapshot);
        const outputs = [...whole.outputs.slice(0, snapshot.outputCount), ...rest.outputs];
        const title = `crash after transaction ${index + 1}`;
        assert.deepEqual(outputs.sort(), [...whole.outputs].sort(), title);
      }
      for (const output of whole.outputs) {
        if (!output.startsWith("{")) continue;
        const isModel = "version" in JSON.parse(output);
        const bytes = new TextEncoder().encode(output);
        const schema = isModel ? modelSchema : disaggregatedSchema;
        assert.deepEqual(decodeEvent<unknown>(schema, bytes).ok, true, output);
        if (isModel) models++;
        else states++;
      }
    }),
    { numRuns: LOGS, seed: SEED, endOnFailure: ENDS_ON_FAILURE },
  );
  assert.ok(models > 0 && states > 0, `${models} models, ${states} states: nothing was tried`);
});

Deno.test(`disaggregated records follow from the models of the log (seed ${SEED})`, async () => {
  await fc.assert(
    fc.asyncProperty(learningLogArbitrary(RECORDS_MAX), async (log) => {
      const { outputs } = await runCore(log, seededRandom(log.seed));
      const records = outputs.filter((output) => output.startsWith("{")).map((text) =>
        JSON.parse(text)
      );
      const models = new Map<string, Model>();
      for (const record of records) {
        if ("version" in record) models.set(`${nameOf(record)} ${record.version}`, record);
      }
      const smoother = new PosteriorSmoother();
      const windows = log.windows.filter((record) => problemOf(record) === undefined)
        .map(({ value }) => JSON.parse(new TextDecoder().decode(value!)));
      for (const record of records) {
        if (!("model_version" in record)) continue;
        const model = models.get(`${nameOf(record)} ${record.model_version}`)!;
        const again = windows.filter((window) =>
          nameOf(window) === nameOf(record) && window.window_start === record.timestamp - 7
        ).map((window) => JSON.stringify(disaggregate(readyModel(model), window, smoother)));
        assert.ok(again.includes(JSON.stringify(record)));
      }
    }),
    { numRuns: Math.ceil(LOGS / 2), seed: SEED, endOnFailure: ENDS_ON_FAILURE },
  );
});

Deno.test("disaggregation refuses readings of which it could not load again what it learned", async () => {
  const timestamps = Array.from({ length: 60 }, (_, second) => 999_000 + second);
  const dataset = {
    ...{ client_id: HOUSEHOLDS[0], username: "mallory", session_start: 999_000 },
    ...{ session_end: 999_059, timestamps, consumption: timestamps.map((at) => (at % 2) * 1e300) },
    state_bitmaps: timestamps.map((at) => [at % 2 === 1]),
  };
  const record: LogRecord = {
    ...{ topic: DATASET_TOPIC, partition: 0, offset: 0, appendMs: 1_000_000_000 },
    ...{ headers: NO_HEADERS, key: new TextEncoder().encode(HOUSEHOLDS[0]) },
    value: new TextEncoder().encode(JSON.stringify(dataset)),
  };
  const log = { datasets: [record, { ...record, offset: 1 }], windows: [], seed: 1 };
  const { outputs, snapshots } = await runCore(log, seededRandom(1));
  const letter = { reason: "invalid", topic: DATASET_TOPIC, partition: 0 };
  assert.deepEqual(outputs, [0, 1].map((offset) => letterKey({ ...letter, offset })));
  await runCore(log, seededRandom(1), snapshots.at(-1));
});

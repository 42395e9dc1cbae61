/**
 * What the disaggregation worker owes, computed from a log at rest: from the datasets in order every
 * model, from models and windows every second. And how well devices were found: by the states that
 * households declared, of which a second's model knew nothing yet.
 */
import {
  type Disaggregated,
  disaggregatedSchema,
  type Model,
  type PredictionWindow,
  type TrainingDataset,
} from "../../shared/events.ts";
import type { Log, LogRecord } from "../../shared/log/log.ts";
import { partitionsTogether } from "../../shared/oracle/growth.ts";
import { ByHousehold } from "../../shared/oracle/households.ts";
import { readInTime } from "../../shared/oracle/in_time.ts";
import { Latencies, type Percentiles } from "../../shared/oracle/latencies.ts";
import { addCounts } from "../../shared/oracle/semantics.ts";
import {
  DATASET_TOPIC,
  DISAGGREGATED_TOPIC,
  MODELS_TOPIC,
  POWER_TOPIC,
  PREDICTIONS_TOPIC,
} from "../../shared/topics.ts";
import {
  type HouseholdMemory,
  learnedWith,
} from "../../workers/disaggregation/household_memory.ts";
import { datasetProblem, windowProblem } from "../../workers/disaggregation/input_problems.ts";
import {
  disaggregate,
  type ReadyModel,
  readyModel,
} from "../../workers/disaggregation/model/disaggregate.ts";
import { PosteriorSmoother } from "../../workers/disaggregation/model/posterior.ts";
import { DeclaredStates, FoundDevices } from "./found_devices.ts";
import { OpenOutputs, type TimedOutput } from "./open_outputs.ts";
import type { Report } from "./report.ts";

export interface DisaggregationCheck {
  /** The newest of each household, and those before it that the log still holds. */
  readonly modelsExpected: number;
  readonly statesExpected: number;
  /** Models and seconds that are owed and there. */
  readonly matching: number;
  readonly lost: number;
  /** There, and not owed, or not so often. */
  readonly unexpected: number;
  /** Of the devices' declared seconds that were judged, the share that was told, %. */
  readonly toldPct: number | null;
  /** Of those that were told. */
  readonly microF1: number | null;
  /** From the append of a window to that of its second. */
  readonly latencyMs: Percentiles;
}

/** Looks at the whole log, a partition at a time. */
export async function checkDisaggregation(
  log: Pick<Log, "read" | "describe">,
): Promise<DisaggregationCheck> {
  const [power] = await log.describe([POWER_TOPIC]);
  const found = new FoundDevices();
  const latencies = new Latencies();
  const sum = { modelsExpected: 0, statesExpected: 0, matching: 0, unexpected: 0 };
  for (const { partitions } of await partitionsTogether(log, power!)) {
    const declared = await DeclaredStates.read(log, partitions);
    const open = new OpenOutputs();
    const expected = new ExpectedOutputs();
    const due = expected.read(log, partitions);
    const there = outputsIn(log, partitions);
    for await (const output of byTime(due, there)) {
      if (output.isDue) open.expect(output);
      else {
        const sinceMs = open.find(output);
        if (output.isModel) continue;
        found.add(disaggregatedSchema.parse(JSON.parse(output.text)), declared);
        if (sinceMs !== undefined) latencies.add(output.appendMs - sinceMs);
      }
    }
    addCounts(sum, open.counts(expected.newestModels));
  }
  const lost = sum.modelsExpected + sum.statesExpected - sum.matching;
  return { ...sum, lost, ...found.figures(), latencyMs: latencies.percentiles };
}

/** As the closing report has it. */
export function devicesFound(check: DisaggregationCheck): NonNullable<Report["disaggregation"]> {
  const { modelsExpected, statesExpected, matching, lost, unexpected } = check;
  return {
    models_expected: modelsExpected,
    states_expected: statesExpected,
    ...{ matching, lost, unexpected, told_pct: check.toldPct, micro_f1: check.microF1 },
    latency_ms: { window_to_state: check.latencyMs },
  };
}

/** What is not right, a sentence each. */
export function deviceProblems(check: DisaggregationCheck | undefined): string[] {
  if (check === undefined) return [];
  const { lost, unexpected } = check;
  return [
    lost > 0 &&
    `${lost} models or disaggregated seconds are lost, or not as their inputs have them`,
    unexpected > 0 && `${unexpected} models or disaggregated seconds should not be there`,
  ].filter((problem) => problem !== false);
}

/** What the inputs in some partitions lead to. */
class ExpectedOutputs {
  readonly #smoother = new PosteriorSmoother();
  readonly #memories = new ByHousehold<{ memory: HouseholdMemory; ready: ReadyModel }>();

  /** In the order of the task: of equal append times the dataset comes first, by its topic's name. */
  async *read(
    log: Pick<Log, "read">,
    partitions: readonly number[],
  ): AsyncGenerator<TimedOutput, void> {
    for await (const record of readInTime(log, [DATASET_TOPIC, PREDICTIONS_TOPIC], partitions)) {
      const { appendMs, topic } = record;
      const output = topic === DATASET_TOPIC
        ? this.#learn(eventIn<TrainingDataset>(record))
        : this.#disaggregate(eventIn<PredictionWindow>(record));
      if (output === undefined) continue;
      const isModel = topic === DATASET_TOPIC;
      yield { isDue: true, isModel, text: JSON.stringify(output), appendMs };
    }
  }

  /** The newest of each household, as text. */
  get newestModels(): readonly string[] {
    return this.#memories.values().map(({ memory }) => JSON.stringify(memory.model));
  }

  #learn(dataset: TrainingDataset): Model | undefined {
    if (datasetProblem(dataset) !== undefined) return undefined;
    const { client_id, username } = dataset;
    const parts = { identity: { client_id, username }, smoother: this.#smoother };
    const memory = learnedWith(this.#memories.get(dataset)?.memory, dataset, parts);
    const learned = { memory, ready: readyModel(memory.model) };
    Object.assign(this.#memories.getOrMake(dataset, () => learned), learned);
    return memory.model;
  }

  #disaggregate(window: PredictionWindow): Disaggregated | undefined {
    const model = this.#memories.get(window)?.ready;
    if (model === undefined || windowProblem(window) !== undefined) return undefined;
    return disaggregate(model, window, this.#smoother);
  }
}

/** The models and disaggregated seconds in some partitions. */
async function* outputsIn(
  log: Pick<Log, "read">,
  partitions: readonly number[],
): AsyncGenerator<TimedOutput, void> {
  for await (
    const { topic, value, appendMs } of readInTime(
      log,
      [MODELS_TOPIC, DISAGGREGATED_TOPIC],
      partitions,
    )
  ) {
    if (value === null) continue;
    const isModel = topic === MODELS_TOPIC;
    yield { isDue: false, isModel, text: new TextDecoder().decode(value), appendMs };
  }
}

/** What is due and what is there, by append time: of equal ones what is due comes first. */
async function* byTime(
  due: AsyncGenerator<TimedOutput, void>,
  there: AsyncGenerator<TimedOutput, void>,
): AsyncGenerator<TimedOutput, void> {
  try {
    let next = await due.next();
    for await (const output of there) {
      for (; !next.done && next.value.appendMs <= output.appendMs; next = await due.next()) {
        yield next.value;
      }
      yield output;
    }
    for (; !next.done; next = await due.next()) yield next.value;
  } finally {
    await due.return();
  }
}

/** What a worker of ours has written. */
function eventIn<T>({ value }: LogRecord): T {
  return JSON.parse(new TextDecoder().decode(value!));
}

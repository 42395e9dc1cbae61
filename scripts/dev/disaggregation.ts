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
import { ClosingReadings, type ClosingRules } from "./closing_readings.ts";
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
  readonly windowToStateMs: Percentiles;
  /** From the append of the reading that closed the window: what comes on top of its own delay. */
  readonly readingToStateMs: Percentiles;
}

/** Looks at the whole log, a partition at a time. */
export async function checkDisaggregation(
  log: Pick<Log, "read" | "describe">,
  rules: ClosingRules,
): Promise<DisaggregationCheck> {
  const [power] = await log.describe([POWER_TOPIC]);
  const found = new FoundDevices();
  const [sinceWindow, sinceReading] = [new Latencies(), new Latencies()];
  const sum = { modelsExpected: 0, statesExpected: 0, matching: 0, unexpected: 0 };
  for (const { partitions } of await partitionsTogether(log, power!)) {
    const declared = await DeclaredStates.read(log, partitions);
    const open = new OpenOutputs();
    const expected = new ExpectedOutputs(rules);
    const due = expected.read(log, partitions);
    const there = outputsIn(log, partitions);
    for await (const output of byTime(due, there)) {
      if (output.isDue) open.expect(output);
      else {
        const from = open.find(output);
        if (output.isModel) continue;
        found.add(disaggregatedSchema.parse(JSON.parse(output.text)), declared);
        if (from !== undefined) sinceWindow.add(output.appendMs - from.appendMs);
        if (from?.closedAtMs !== undefined) sinceReading.add(output.appendMs - from.closedAtMs);
      }
    }
    addCounts(sum, open.counts(expected.newestModels));
  }
  const lost = sum.modelsExpected + sum.statesExpected - sum.matching;
  return {
    ...{ ...sum, lost, ...found.figures() },
    windowToStateMs: sinceWindow.percentiles,
    readingToStateMs: sinceReading.percentiles,
  };
}

/** As the closing report has it. */
export function devicesFound(check: DisaggregationCheck): NonNullable<Report["disaggregation"]> {
  const { modelsExpected, statesExpected, matching, lost, unexpected } = check;
  return {
    models_expected: modelsExpected,
    states_expected: statesExpected,
    ...{ matching, lost, unexpected, told_pct: check.toldPct, micro_f1: check.microF1 },
    latency_ms: {
      window_to_state: check.windowToStateMs,
      reading_to_state: check.readingToStateMs,
    },
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
  readonly #readings: ClosingReadings;

  constructor(rules: ClosingRules) {
    this.#readings = new ClosingReadings(rules);
  }

  /** In the order of the task: of equal append times the dataset comes first, by its topic's name. */
  async *read(
    log: Pick<Log, "read">,
    partitions: readonly number[],
  ): AsyncGenerator<TimedOutput, void> {
    const topics = [DATASET_TOPIC, POWER_TOPIC, PREDICTIONS_TOPIC];
    for await (const record of readInTime(log, topics, partitions)) {
      if (record.topic === POWER_TOPIC) {
        this.#readings.take(record);
        continue;
      }
      const due = record.topic === DATASET_TOPIC ? this.#modelOf(record) : this.#secondOf(record);
      if (due !== undefined) yield { isDue: true, appendMs: record.appendMs, ...due };
    }
  }

  /** The newest of each household, as text. */
  get newestModels(): readonly string[] {
    return this.#memories.values().map(({ memory }) => JSON.stringify(memory.model));
  }

  #modelOf(record: LogRecord): Pick<TimedOutput, "isModel" | "text"> | undefined {
    const model = this.#learn(eventIn<TrainingDataset>(record));
    return model && { isModel: true, text: JSON.stringify(model) };
  }

  #secondOf(record: LogRecord): Pick<TimedOutput, "isModel" | "text" | "closedAtMs"> | undefined {
    const window = eventIn<PredictionWindow>(record);
    const closedAtMs = this.#readings.closedAtMs(window);
    const second = this.#disaggregate(window);
    return second && { isModel: false, text: JSON.stringify(second), closedAtMs };
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

/**
 * What the disaggregation worker owes, computed from a log at rest: from the datasets in order every
 * model, from models and windows every second. And how well devices were found: by the states that
 * households declared, of which a second's model knew nothing yet.
 */
import {
  type DeviceState,
  deviceStateSchema,
  type Disaggregated,
  disaggregatedSchema,
  type HouseholdIdentity,
  type PredictionWindow,
  type TrainingDataset,
} from "../../shared/events.ts";
import type { Log, LogRecord } from "../../shared/log/log.ts";
import { type Percentiles, percentilesOf } from "../../shared/oracle/compare.ts";
import {
  DATASET_TOPIC,
  DEVICE_STATE_TOPIC,
  DISAGGREGATED_TOPIC,
  householdKey,
  MODELS_TOPIC,
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

/** Looks at the whole log. */
export async function checkDisaggregation(log: Pick<Log, "read">): Promise<DisaggregationCheck> {
  const expected = new Map<string, number>();
  const add = (value: string) => expected.set(value, (expected.get(value) ?? 0) + 1);
  const { models, newest } = await expectModels(log, add);
  const windowAppendMs = new Map<string, number>();
  const latenciesMs: number[] = [];
  const statesExpected = await expectStates(log, models, (value, appendMs) => {
    add(value);
    windowAppendMs.set(value, appendMs);
  });
  const found = new FoundDevices(await declaredStates(log));
  let [modelsExpected, matching, unexpected] = [newest.size, 0, 0];
  for (const topic of [MODELS_TOPIC, DISAGGREGATED_TOPIC]) {
    for await (const { value, appendMs } of log.read({ topic })) {
      if (value === null) continue;
      const text = new TextDecoder().decode(value);
      const open = expected.get(text) ?? 0;
      expected.set(text, open - 1);
      if (open > 0) matching++;
      else unexpected++;
      // The log compacts models: those that a newer one supersedes may be there.
      if (open > 0 && topic === MODELS_TOPIC && !newest.has(text)) modelsExpected++;
      if (topic === MODELS_TOPIC) continue;
      found.add(disaggregatedSchema.parse(JSON.parse(text)));
      if (open > 0) latenciesMs.push(appendMs - windowAppendMs.get(text)!);
    }
  }
  const lost = modelsExpected + statesExpected - matching;
  return {
    ...{ modelsExpected, statesExpected, matching, lost, unexpected },
    ...found.figures(),
    latencyMs: percentilesOf(latenciesMs),
  };
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

/** A model, and from when on it is in use. */
interface DatedModel {
  readonly appendMs: number;
  readonly ready: ReadyModel;
}

type Models = ReadonlyMap<string, readonly DatedModel[]>;

async function expectModels(
  log: Pick<Log, "read">,
  add: (value: string) => void,
): Promise<{ models: Models; newest: ReadonlySet<string> }> {
  const smoother = new PosteriorSmoother();
  const models = new Map<string, DatedModel[]>();
  const memories = new Map<string, HouseholdMemory>();
  for await (const record of log.read({ topic: DATASET_TOPIC })) {
    const dataset = eventIn<TrainingDataset>(record);
    if (datasetProblem(dataset) !== undefined) continue;
    const name = householdKey(dataset);
    const { client_id, username } = dataset;
    const parts = { identity: { client_id, username }, smoother };
    const memory = learnedWith(memories.get(name), dataset, parts);
    memories.set(name, memory);
    add(JSON.stringify(memory.model));
    const dated = models.get(name) ?? [];
    models.set(name, dated);
    dated.push({ appendMs: record.appendMs, ready: readyModel(memory.model) });
  }
  const newest = new Set([...memories.values()].map(({ model }) => JSON.stringify(model)));
  return { models, newest };
}

async function expectStates(
  log: Pick<Log, "read">,
  models: Models,
  add: (value: string, appendMs: number) => void,
): Promise<number> {
  const smoother = new PosteriorSmoother();
  let count = 0;
  for await (const record of log.read({ topic: PREDICTIONS_TOPIC })) {
    const window = eventIn<PredictionWindow>(record);
    if (windowProblem(window) !== undefined) continue;
    // Of equal append times the dataset comes first, by the name of its topic.
    const model = models.get(householdKey(window))
      ?.findLast(({ appendMs }) => appendMs <= record.appendMs);
    const states = model && disaggregate(model.ready, window, smoother);
    if (states === undefined) continue;
    add(JSON.stringify(states), record.appendMs);
    count++;
  }
  return count;
}

/** What a worker of ours has written. */
function eventIn<T>({ value }: LogRecord): T {
  return JSON.parse(new TextDecoder().decode(value!));
}

/** Declared states by household and second. */
async function declaredStates(log: Pick<Log, "read">): Promise<Map<string, DeviceState>> {
  const states = new Map<string, DeviceState>();
  for await (const { value } of log.read({ topic: DEVICE_STATE_TOPIC })) {
    if (value === null) continue;
    const parsed = deviceStateSchema.safeParse(jsonOf(value));
    if (!parsed.success) continue;
    const key = secondOf(parsed.data, parsed.data.timestamp);
    if (!states.has(key)) states.set(key, parsed.data);
  }
  return states;
}

function jsonOf(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

const secondOf = (identity: HouseholdIdentity, second: number) =>
  `${householdKey(identity)} ${second}`;

/** Counts how many devices were told, and of those how many were found. */
class FoundDevices {
  readonly #declared: ReadonlyMap<string, DeviceState>;
  #judged = 0;
  #told = 0;
  #both = 0;
  #either = 0;

  constructor(declared: ReadonlyMap<string, DeviceState>) {
    this.#declared = declared;
  }

  add(states: Disaggregated): void {
    const declared = this.#declared.get(secondOf(states, states.timestamp))?.state_bitmap;
    if (declared?.length !== states.on.length) return;
    states.on.forEach((probability, device) => {
      this.#judged++;
      if (probability === null) return;
      this.#told++;
      const [isOn, isFound] = [declared[device]!, probability >= 0.5];
      if (isOn && isFound) this.#both++;
      this.#either += Number(isOn) + Number(isFound);
    });
  }

  figures(): Pick<DisaggregationCheck, "toldPct" | "microF1"> {
    return {
      toldPct: this.#judged === 0 ? null : 100 * this.#told / this.#judged,
      microF1: this.#either === 0 ? null : 2 * this.#both / this.#either,
    };
  }
}

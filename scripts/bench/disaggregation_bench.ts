/** The core of the disaggregation worker alone: windows in memory → device states, one core. */
import { cpuUsage } from "node:process";
import { DATASET_TOPIC, PREDICTIONS_TOPIC } from "../../shared/topics.ts";
import { disaggregationCore } from "../../workers/disaggregation/core.ts";
import { encodeMemory } from "../../workers/disaggregation/household_memory.ts";
import { learnedFrom } from "../evaluate/methods/ours.ts";
import { type SimulatedHome, simulatedHome } from "../evaluate/simulation/simulated_home.ts";
import { runCore } from "./core_bench.ts";
import type { LoadRecord } from "./household_load.ts";

const HOUSEHOLDS = 10;
const LABELS_S = 600;
const TEST_S = 300;
/** Windows are `[second - 7, second + 8)`. */
const [BEFORE_S, AFTER_S] = [7, 8];

export interface DisaggregationFigures {
  /** Windows of a household that publishes every second, and so its seconds. */
  readonly householdSecondsPerS: number;
  readonly householdSecondsPerCpuS: number;
  readonly allocatedBytesPerRecord: number;
  /** What a task remembers of a household, at most. */
  readonly memoryBytesMax: number;
}

/** Homes of so many devices, after ten labelled minutes. */
export function benchDisaggregation(devices: number): DisaggregationFigures {
  const homes = Array.from(
    { length: HOUSEHOLDS },
    (_, home) => simulatedHome({ devices, seed: home + 1, ...SIZES }),
  );
  const learn = homes.map(datasetRecord);
  const windows = homes.map(windowRecords);
  // As they come: each second of all homes.
  const judge = windows[0]!.flatMap((_, second) => windows.map((own) => own[second]!));
  const learning = measured(learn);
  const all = measured([...learn, ...judge]);
  return {
    householdSecondsPerS: judge.length / (all.seconds - learning.seconds),
    householdSecondsPerCpuS: judge.length / (all.cpuS - learning.cpuS),
    allocatedBytesPerRecord: all.allocatedBytesPerRecord,
    memoryBytesMax: Math.max(
      ...homes.map(({ labels }) => encodeMemory(learnedFrom([labels])).length),
    ),
  };
}

function measured(records: readonly LoadRecord[]) {
  const start = cpuUsage();
  const { recordsPerS, allocatedBytesPerRecord } = runCore(disaggregationCore(), records);
  const { user, system } = cpuUsage(start);
  return {
    seconds: records.length / recordsPerS,
    cpuS: (user + system) / 1e6,
    allocatedBytesPerRecord,
  };
}

const SIZES = { labelsS: LABELS_S, testS: TEST_S, pauseSMax: 1 };

function datasetRecord({ labels }: SimulatedHome, home: number): LoadRecord {
  const key = `household-${home}`;
  return {
    ...{ topic: DATASET_TOPIC, timestamp: labels.session_end, key },
    value: JSON.stringify({ ...labels, client_id: key, username: `user-${home}` }),
  };
}

function windowRecords({ test }: SimulatedHome, home: number): LoadRecord[] {
  const key = `household-${home}`;
  const seconds = [...test.timestamps];
  return seconds.map((second, index) => {
    const [from, to] = [Math.max(0, index - BEFORE_S), index + AFTER_S];
    return {
      ...{ topic: PREDICTIONS_TOPIC, timestamp: second, key },
      value: JSON.stringify({
        ...{ client_id: key, username: `user-${home}` },
        ...{ window_start: second - BEFORE_S, window_end: second + AFTER_S },
        timestamps: seconds.slice(from, to),
        consumption: [...test.powerW.slice(from, to)],
      }),
    };
  });
}

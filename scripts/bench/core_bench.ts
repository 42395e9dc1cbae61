/** The pure cores alone: records in memory → windows or datasets, no log, one core. */
import type { HouseholdEvent, WorkerCore } from "../../shared/stream/household.ts";
import { getHeapStatistics } from "node:v8";
import { HouseholdMemories } from "../../shared/stream/household_memories.ts";
import { HouseholdTask } from "../../shared/stream/household_task.ts";
import { predictionsCore } from "../../workers/predictions/core.ts";
import { trainingCore } from "../../workers/training/core.ts";
import { BENCH_SEMANTICS } from "./semantics.ts";
import { asPlaces, householdLoad, type LoadRecord } from "./household_load.ts";

const BATCH_RECORDS = 5_000;
const TASK = { partition: 0, partitionCount: 1 };

export interface CoreFigures {
  readonly recordsPerS: number;
  readonly outputs: number;
  /** What V8 has allocated, by its own counter. */
  readonly allocatedBytesPerRecord: number;
}

/** Runs one core over a load of `count` readings. */
export function benchCore(
  job: "windows" | "training",
  { count, households }: { readonly count: number; readonly households: number },
): CoreFigures {
  const load = (states: boolean) => [...householdLoad({ count, households, states })];
  return job === "windows"
    ? runCore(predictionsCore(BENCH_SEMANTICS), load(false))
    : runCore(trainingCore(BENCH_SEMANTICS), load(true));
}

/** Runs a core over records in memory, in their order. */
export function runCore<E extends HouseholdEvent>(
  core: WorkerCore<E>,
  records: readonly LoadRecord[],
): CoreFigures {
  const order = records.map(({ topic }) => core.inputs.indexOf(topic));
  const places = asPlaces(records);
  const inputs = core.inputs.map((topic) => places.get(topic)!);
  const next = inputs.map(() => 0);
  const start = { households: new HouseholdMemories() };
  const task = new HouseholdTask(core, { ...BENCH_SEMANTICS, ...TASK }, start);
  let outputs = 0;
  const allocatedBytes = allocated();
  const startMs = performance.now();
  const takeBatch = () => {
    task.oldestPlace();
    outputs += task.takeOutput().length;
    task.reuseOutput();
  };
  order.forEach((input, place) => {
    while (!task.process(inputs[input]!, next[input]!, input, place)) takeBatch();
    next[input]!++;
    if (place % BATCH_RECORDS === BATCH_RECORDS - 1) takeBatch();
  });
  const seconds = (performance.now() - startMs) / 1000;
  return {
    recordsPerS: records.length / seconds,
    outputs,
    allocatedBytesPerRecord: (allocated() - allocatedBytes) / records.length,
  };
}

function allocated(): number {
  // Newer than the types of this module.
  return (getHeapStatistics() as unknown as { total_allocated_bytes: number })
    .total_allocated_bytes;
}

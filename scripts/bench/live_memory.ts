/**
 * What a live household takes: what is alive after a collection, of ten tasks with so many households,
 * less what it was before the first record, divided. Records are made second by second and let go of.
 */
import { memoryUsage } from "node:process";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { invariant } from "../../shared/errors.ts";
import { partitionOf } from "../../shared/log/partition.ts";
import type { RecordPlaces } from "../../shared/log/record_places.ts";
import type { HouseholdEvent, WorkerCore } from "../../shared/stream/household.ts";
import { HouseholdMemories } from "../../shared/stream/household_memories.ts";
import { HouseholdTask } from "../../shared/stream/household_task.ts";
import { DEFAULT_PARTITION_COUNT } from "../../shared/topics.ts";
import { predictionsCore } from "../../workers/predictions/core.ts";
import { trainingCore } from "../../workers/training/core.ts";
import { asPlaces, openSessions } from "./household_load.ts";
import type { Job } from "./jobs.ts";
import { BENCH_SEMANTICS } from "./semantics.ts";

/** As many as a fetch from a broker brings. */
const BATCH_RECORDS = 800;
/** Seconds after which a household holds all that a window or a second that is not final needs. */
const SETTLED_S = 40;
/** Seconds by which open sessions are longer when they are looked at again. */
const LONGER_S = 60;

export interface LiveMemoryFigures {
  /** Heap and arrays, of a household whose windows or session have been open for 40 s. */
  readonly bytesPerHousehold: number;
  /** By how much that grows a second: of windows by nothing. */
  readonly bytesPerHouseholdSecond: number;
}

/** Measures one job with households that publish a reading and, for sessions, a state every second. */
export function benchLiveMemory(job: Job, households: number): LiveMemoryFigures {
  return job === "windows"
    ? measure(predictionsCore(BENCH_SEMANTICS), { households, states: false })
    : measure(trainingCore(BENCH_SEMANTICS), { households, states: true });
}

function measure<E extends HouseholdEvent>(
  core: WorkerCore<E>,
  load: { readonly households: number; readonly states: boolean },
): LiveMemoryFigures {
  const names = Map.groupBy(
    Array.from({ length: load.households }, (_, household) => household),
    (household) => partitionOf(`household-${household}`, DEFAULT_PARTITION_COUNT),
  );
  const before = liveBytes();
  const tasks = Array.from(names, ([partition, own]) => ({
    own,
    places: 0,
    task: new HouseholdTask(
      core,
      { ...BENCH_SEMANTICS, partition, partitionCount: DEFAULT_PARTITION_COUNT },
      { households: new HouseholdMemories() },
    ),
  }));
  const pass = (fromS: number, endS: number) => {
    for (let second = fromS; second < endS; second++) {
      for (const each of tasks) {
        const records = asPlaces(openSessions(each.own, { second, states: load.states }));
        each.places = process(core, each.task, records, each.places);
      }
    }
  };
  pass(0, SETTLED_S);
  const settled = liveBytes() - before;
  pass(SETTLED_S, SETTLED_S + LONGER_S);
  const grown = liveBytes() - before - settled;
  // Alive until here.
  const alive = tasks.reduce((sum, { task }) => sum + task.householdCount, 0);
  return {
    bytesPerHousehold: settled / alive,
    bytesPerHouseholdSecond: grown / alive / LONGER_S,
  };
}

/** Hands a task the records of a second, as its runner does. Returns the place behind them. */
function process<E extends HouseholdEvent>(
  core: WorkerCore<E>,
  task: HouseholdTask<E>,
  byTopic: ReadonlyMap<string, RecordPlaces>,
  place: number,
): number {
  core.inputs.forEach((topic, input) => {
    const records = byTopic.get(topic)!;
    for (let index = 0; index < records.count; index++) {
      // Nobody falls silent, so that nothing closes before it.
      invariant(task.process(records, index, input, place++), "each record is taken");
      if (place % BATCH_RECORDS === 0) takeBatch(task);
    }
  });
  takeBatch(task);
  return place;
}

function takeBatch<E extends HouseholdEvent>(task: HouseholdTask<E>): void {
  task.oldestPlace();
  task.takeOutput();
  task.reuseOutput();
  task.takeNotes();
}

let collect: (() => void) | undefined;

/** Heap and arrays after a collection. */
function liveBytes(): number {
  if (collect === undefined) {
    setFlagsFromString("--expose-gc");
    collect = runInNewContext("gc") as () => void;
  }
  collect();
  collect();
  const { heapUsed, external } = memoryUsage();
  return heapUsed + external;
}

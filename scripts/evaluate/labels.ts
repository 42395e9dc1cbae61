/** Which stretches of a recording are labelled: datasets, as the training worker would make them. */
import type { TrainingDataset } from "../../shared/events.ts";
import { Random } from "../../workers/simulator/random.ts";
import type { Samples } from "./samples.ts";

/** Stretches that are chosen are so long, in samples: the more labels, the longer, up to a bound. */
const STRETCH_MIN = 60;
const STRETCH_MAX = 600;
const STRETCHES = 12;
/** As the training worker's defaults. */
const GAP_S = 5;
const MAX_SESSION_S = 600;

export interface LabelChoice {
  /** Samples before this index may be labelled. */
  readonly until: number;
  /** How many samples to label. */
  readonly count: number;
  readonly from: "random" | "events";
  readonly seed: number;
}

/** Chooses stretches, and makes datasets of them, in the order of time. */
export function chooseLabels(samples: Samples, choice: LabelChoice): TrainingDataset[] {
  const { until, count, from, seed } = choice;
  const length = Math.min(STRETCH_MAX, Math.max(STRETCH_MIN, Math.floor(count / STRETCHES)));
  const blocks = shuffled(Math.ceil(until / length), new Random(seed, "labels"));
  const order = from === "random" ? blocks : byEvents(samples, { blocks, length, until });
  const chosen = new Uint8Array(until);
  let left = count;
  for (const block of order) {
    const end = Math.min(until, (block + 1) * length);
    for (let index = block * length; index < end && left > 0; index++) {
      if (samples.states[index] === undefined) continue;
      chosen[index] = 1;
      left--;
    }
  }
  return datasetsOf(samples, chosen);
}

function shuffled(count: number, random: Random): number[] {
  const order = Array.from({ length: count }, (_, index) => index);
  for (let last = count - 1; last > 0; last--) {
    const other = random.integer(0, last);
    [order[last], order[other]] = [order[other]!, order[last]!];
  }
  return order;
}

/** Stretches in which something switches first; as people do it, whatever switches. */
function byEvents(
  { states }: Samples,
  { blocks, length, until }: {
    readonly blocks: readonly number[];
    readonly length: number;
    readonly until: number;
  },
): number[] {
  const hasEvent = (block: number) => {
    const end = Math.min(until, (block + 1) * length);
    for (let index = Math.max(1, block * length); index < end; index++) {
      const [before, now] = [states[index - 1], states[index]];
      if (before === undefined || now === undefined) continue;
      if (now.some((isOn, device) => isOn !== before[device])) return true;
    }
    return false;
  };
  return [...blocks.filter(hasEvent), ...blocks.filter((block) => !hasEvent(block))];
}

function datasetsOf(samples: Samples, chosen: Uint8Array): TrainingDataset[] {
  const { timestamps, powerW, states, household } = samples;
  const datasets: TrainingDataset[] = [];
  let open: TrainingDataset | undefined;
  for (let index = 0; index < chosen.length; index++) {
    const second = timestamps[index]!;
    if (chosen[index] === 0) continue;
    if (
      open === undefined || second - open.session_end > GAP_S ||
      second - open.session_start >= MAX_SESSION_S
    ) {
      open = {
        ...{ client_id: household, username: "evaluate" },
        ...{ session_start: second, session_end: second },
        ...{ timestamps: [], consumption: [], state_bitmaps: [] },
      };
      datasets.push(open);
    }
    open.session_end = second;
    open.timestamps.push(second);
    open.consumption.push(powerW[index]!);
    open.state_bitmaps.push([...states[index]!]);
  }
  return datasets;
}

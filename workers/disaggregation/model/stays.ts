/** The stays of a dataset: readings in a row that are declared to be of one vector. Pure. */
import type { TrainingDataset } from "../../../shared/events.ts";

/** A pause this long ends a stay, s. */
const PAUSE_S = 30;

export interface Stay {
  /** The declared vector, a character `0` or `1` a device. */
  readonly bits: string;
  /** Its readings, `[from, to)`. */
  readonly from: number;
  readonly to: number;
  /** Whether the vector before it in the dataset is known: then a change led to it. */
  readonly isChange: boolean;
}

/** The stays of a dataset, in order; together all its readings. */
export function staysOf({ timestamps, state_bitmaps }: TrainingDataset): Stay[] {
  const vectors = state_bitmaps.map(bitsOf);
  const stays: Stay[] = [];
  for (let from = 0; from < timestamps.length;) {
    const bits = vectors[from]!;
    let to = from + 1;
    while (
      to < timestamps.length && vectors[to] === bits &&
      timestamps[to]! - timestamps[to - 1]! <= PAUSE_S
    ) to++;
    stays.push({ bits, from, to, isChange: from > 0 && bits !== vectors[from - 1] });
    from = to;
  }
  return stays;
}

/** A bitmap as text, a character a device. */
export function bitsOf(bitmap: readonly boolean[]): string {
  let bits = "";
  for (const isOn of bitmap) bits += isOn ? "1" : "0";
  return bits;
}

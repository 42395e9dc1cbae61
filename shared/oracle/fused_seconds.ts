/** How many of the seconds in a household's expected datasets some dataset of the log has right. */
import type { TrainingDataset } from "../events.ts";

interface Values {
  readonly consumption: number;
  readonly bitmap: readonly boolean[];
}

export class FusedSeconds {
  readonly #datasets: readonly TrainingDataset[];
  /** Those that are there as they should be. */
  readonly #whole = new Set<TrainingDataset>();
  /** Made where a dataset is not. */
  #values: Map<number, Values> | undefined;
  readonly #right = new Set<number>();

  constructor(datasets: readonly TrainingDataset[]) {
    this.#datasets = datasets;
  }

  takeWhole(dataset: TrainingDataset): void {
    this.#whole.add(dataset);
  }

  /** Takes a dataset that may say the same for some seconds. */
  take(dataset: TrainingDataset): void {
    this.#values ??= valuesBySecond(this.#datasets);
    dataset.timestamps.forEach((second, i) => {
      const right = this.#values!.get(second);
      if (right === undefined || right.consumption !== dataset.consumption[i]) return;
      if (equalLists(right.bitmap, dataset.state_bitmaps[i] ?? [])) this.#right.add(second);
    });
  }

  count(): number {
    return this.#datasets.reduce((sum, dataset) => {
      const { timestamps } = dataset;
      if (this.#whole.has(dataset)) return sum + timestamps.length;
      return sum + timestamps.filter((second) => this.#right.has(second)).length;
    }, 0);
  }
}

function valuesBySecond(datasets: readonly TrainingDataset[]): Map<number, Values> {
  return new Map(
    datasets.flatMap(({ timestamps, consumption, state_bitmaps }) =>
      timestamps.map((second, i) => [
        second,
        { consumption: consumption[i]!, bitmap: state_bitmaps[i]! },
      ])
    ),
  );
}

/** By `===`: JSON turns −0 into 0, which is no difference. */
export function equalLists<T>(a: readonly T[], b: readonly T[]): boolean {
  return a.length === b.length && a.every((item, i) => item === b[i]);
}

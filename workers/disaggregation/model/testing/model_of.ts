/** A model by hand: devices of so many watts each, a base of 100 W, two vectors declared. */
import type { Model } from "../../../../shared/events.ts";
import { NAMES } from "./simulated_home.ts";

export function modelOf(watts: readonly number[], values: Partial<Model> = {}): Model {
  return {
    ...{ ...NAMES, version: 1, trained_until: 0, labelled_seconds: 600 },
    devices: watts.map((each) => ({ status: "known", watts: each, watts_deviation: 1 })),
    ...{ base: 100, base_variance: 400, new_variance: 100, unseen: 0.3, change_rate: 0.05 },
    columns: watts.map((each, column) => ({
      ...{ devices: [column], watts: each, variance: 50, on_rate: 0.4 },
    })),
    covariance: new Array((watts.length + 1) * (watts.length + 2) / 2).fill(0),
    undeclared: { rate: 0.1, watts: 50 },
    vectors: [
      { bits: "1".repeat(watts.length), entries: 2, seconds: 300, levels: [[190, 300, 1]] },
      {
        ...{ bits: "0".repeat(watts.length), entries: 3, seconds: 100 },
        levels: [[95, 200, 0.75], [140, 500, 0.25]],
      },
    ],
    ...values,
  };
}

/** The disaggregation worker's own model, window by window. */
import { disaggregateAll } from "./windows.ts";
import type { TrainingDataset } from "../../../shared/events.ts";
import {
  type HouseholdMemory,
  learnedWith,
} from "../../../workers/disaggregation/household_memory.ts";
import { PosteriorSmoother } from "../../../workers/disaggregation/model/posterior.ts";
import { readyModel } from "../../../workers/disaggregation/model/disaggregate.ts";
import type { Method } from "./method.ts";

export const ours: Method = {
  estimate(labels, readings) {
    return disaggregateAll(readyModel(learnedFrom(labels).model), readings);
  },
};

/** What the worker would remember after these datasets. */
export function learnedFrom(labels: readonly TrainingDataset[]): HouseholdMemory {
  const smoother = new PosteriorSmoother();
  let memory: HouseholdMemory | undefined;
  for (const dataset of labels) {
    const { client_id, username } = dataset;
    memory = learnedWith(memory, dataset, { identity: { client_id, username }, smoother });
  }
  return memory!;
}

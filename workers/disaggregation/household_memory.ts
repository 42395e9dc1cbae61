/**
 * What is remembered of a household as text in the task's memory: what its learner keeps, how its
 * models scored, and the model that is in use. A few kilobytes.
 */
import { z } from "zod";
import {
  type HouseholdIdentity,
  type Model,
  modelSchema,
  type TrainingDataset,
} from "../../shared/events.ts";
import { readyModel } from "./model/disaggregate.ts";
import { fitModel } from "./model/fit_model.ts";
import { deviceCountOf, fade, learn, type Learner, newLearner } from "./model/learner.ts";
import type { PosteriorSmoother } from "./model/posterior.ts";
import { newScore, type Score } from "./model/score.ts";
import { isSurprising, judgeStretches, scoreDataset } from "./model/score_dataset.ts";
import { rowsOf, type WrittenRows, writtenRows, writtenRowsSchema } from "./written_rows.ts";

/** What old labels count once new ones contradict them. */
const CONTRADICTED = 0.002;

const amount = z.number().min(0);
const memorySchema = z.object({
  learner: z.object({
    deviceCount: z.int().min(1),
    version: z.int().min(1),
    trainedUntil: amount,
    labelledSeconds: amount,
    rows: writtenRowsSchema,
    stretches: amount,
    changes: amount,
    seconds: amount,
    newSquares: amount,
    newCount: amount,
    ...{ judged: amount, unexplained: amount, unexplainedW: amount },
    delays: z.array(amount),
    onEntries: z.array(amount),
  }),
  score: z.object({
    seconds: amount,
    predictions: amount,
    logLoss: amount,
    hits: z.array(amount),
    bins: z.array(amount),
  }),
  model: modelSchema,
});

export interface HouseholdMemory {
  readonly learner: Learner;
  readonly score: Score;
  readonly model: Model;
}

interface WrittenMemory extends Omit<HouseholdMemory, "learner"> {
  readonly learner: Omit<Learner, "rows"> & { readonly rows: WrittenRows };
}

/** Whether a text is what this worker remembers of a household. */
export function isHouseholdMemory(text: string): boolean {
  try {
    return memorySchema.safeParse(JSON.parse(text)).success;
  } catch (error) {
    if (error instanceof SyntaxError) return false;
    throw error;
  }
}

/** What a text says, that was found to be one of ours when it was loaded. */
export function decodeMemory(text: string | undefined): HouseholdMemory | undefined {
  if (text === undefined) return undefined;
  const { learner, ...rest }: WrittenMemory = JSON.parse(text);
  return { learner: { ...learner, rows: rowsOf(learner.rows) }, ...rest };
}

export function encodeMemory({ learner, ...rest }: HouseholdMemory): string {
  const written: WrittenMemory = { learner: { ...learner, rows: writtenRows(learner) }, ...rest };
  return JSON.stringify(written);
}

/** What is remembered after a dataset, which is predicted before it is learned. */
export function learnedWith(
  former: HouseholdMemory | undefined,
  dataset: TrainingDataset,
  { identity, smoother }: {
    readonly identity: HouseholdIdentity;
    readonly smoother: PosteriorSmoother;
  },
): HouseholdMemory {
  const deviceCount = deviceCountOf(dataset);
  // Other devices: what the bits stood for is not known any more.
  const isSame = former?.learner.deviceCount === deviceCount;
  const learner = isSame ? former.learner : newLearner(deviceCount, former?.learner.version);
  const score = isSame ? former.score : newScore(deviceCount);
  if (isSame) {
    const usual = former.model.score;
    const logLoss = scoreDataset(score, readyModel(former.model), dataset, smoother);
    const judged = judgeStretches(former.model, dataset);
    if (isSurprising(judged, { logLoss, usual })) fade(learner, CONTRADICTED);
    else {
      learner.judged += judged.stretches;
      learner.unexplained += judged.unexplained;
      learner.unexplainedW += judged.unexplainedW;
    }
  }
  learn(learner, dataset);
  return { learner, score, model: fitModel(identity, learner, score) };
}

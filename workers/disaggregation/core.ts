/** The disaggregation worker as the runtime sees it: datasets and windows in, models and states out. */
import type { ByteRange } from "../../shared/bytes/byte_range.ts";
import { ScannedEvent } from "../../shared/bytes/scanned_event.ts";
import {
  type Decoded,
  decodeEvent,
  type Model,
  type PredictionWindow,
  predictionWindowSchema,
  type TrainingDataset,
  trainingDatasetSchema,
} from "../../shared/events.ts";
import type { WorkerCore } from "../../shared/stream/household.ts";
import {
  DATASET_TOPIC,
  DISAGGREGATED_TOPIC,
  DISAGGREGATION_GROUP,
  MODELS_TOPIC,
  PREDICTIONS_TOPIC,
} from "../../shared/topics.ts";
import { LearningHousehold } from "./household.ts";
import { isHouseholdMemory } from "./household_memory.ts";
import { datasetProblem, windowProblem } from "./input_problems.ts";
import type { WindowJudge } from "./model/disaggregate.ts";
import { PosteriorSmoother } from "./model/posterior.ts";
import { ReadyModels } from "./ready_models.ts";

/** A dataset or a window, and whose it is. */
export interface LearningEvent {
  readonly clientId: ByteRange;
  readonly username: ByteRange;
  /** Its first second. */
  readonly timestamp: number;
  readonly dataset?: TrainingDataset;
  readonly window?: PredictionWindow;
}

/** In the order of topic names, which is that of the merge. */
const INPUTS = [DATASET_TOPIC, PREDICTIONS_TOPIC];

/** @param learned is told each model that is made. @param network judges windows in place of ours. */
export function disaggregationCore(
  learned: (model: Model) => void = () => {},
  network?: WindowJudge,
): WorkerCore<LearningEvent> {
  const smoother = new PosteriorSmoother();
  const judge = network ?? smoother;
  const shared = { smoother, judge, models: new ReadyModels(), learned };
  const names = new ScannedEvent();
  return {
    name: DISAGGREGATION_GROUP,
    inputs: INPUTS,
    outputTopics: [MODELS_TOPIC, DISAGGREGATED_TOPIC],
    decode: (input, records, index) =>
      INPUTS[input] === DATASET_TOPIC
        ? datasetEvent(names, records.value(index))
        : windowEvent(names, records.value(index)),
    isMemory: isHouseholdMemory,
    // Each window and each dataset stands for itself: what is lost closes nothing.
    closedPast: (_second, memory) => memory,
    household: (parts) => new LearningHousehold(parts, shared),
  };
}

function datasetEvent(names: ScannedEvent, bytes: Uint8Array | null): Decoded<LearningEvent> {
  const decoded = decodeEvent(trainingDatasetSchema, bytes);
  if (!decoded.ok) return decoded;
  const dataset = decoded.event;
  const problem = datasetProblem(dataset);
  if (problem !== undefined) return { ok: false, error: problem };
  return { ok: true, event: { ...named(names, dataset, dataset.session_start), dataset } };
}

function windowEvent(names: ScannedEvent, bytes: Uint8Array | null): Decoded<LearningEvent> {
  const decoded = decodeEvent(predictionWindowSchema, bytes);
  if (!decoded.ok) return decoded;
  const window = decoded.event;
  const problem = windowProblem(window);
  if (problem !== undefined) return { ok: false, error: problem };
  return { ok: true, event: { ...named(names, window, window.window_start), window } };
}

/** The names of an event as its JSON has them, until the next one is read. */
function named(
  names: ScannedEvent,
  { client_id, username }: { readonly client_id: string; readonly username: string },
  timestamp: number,
): Pick<LearningEvent, "clientId" | "username" | "timestamp"> {
  names.fill({ client_id, username, timestamp, consumption: 0 });
  return { clientId: names.clientId, username: names.username, timestamp };
}

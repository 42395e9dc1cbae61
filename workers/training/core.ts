/** The training worker as the runtime sees it: `power` and `device-state` in, datasets out. */
import {
  decodeEvent,
  type DeviceState,
  deviceStateSchema,
  type Reading,
  readingSchema,
} from "../../shared/events.ts";
import { decodeClosed, encodeClosed, isClosed } from "../../shared/stream/closed_memory.ts";
import type { WorkerCore } from "../../shared/stream/household.ts";
import {
  DATASET_TOPIC,
  DEVICE_STATE_TOPIC,
  POWER_TOPIC,
  TRAINING_GROUP,
} from "../../shared/topics.ts";
import { SessionHousehold, type SessionSettings } from "./session.ts";

/** In the order of topic names, which is that of the merge. */
const INPUTS = [DEVICE_STATE_TOPIC, POWER_TOPIC];

export function trainingCore(settings: SessionSettings): WorkerCore<Reading | DeviceState> {
  return {
    name: TRAINING_GROUP,
    inputs: INPUTS,
    outputTopics: [DATASET_TOPIC],
    decode: (input, value) =>
      INPUTS[input] === POWER_TOPIC
        ? decodeEvent(readingSchema, value)
        : decodeEvent(deviceStateSchema, value),
    isMemory: isClosed,
    closedPast: (second, memory) => encodeClosed(Math.max(decodeClosed(memory), second + 1)),
    household: (identity, memory, sink) =>
      new SessionHousehold(identity, decodeClosed(memory), settings, sink),
  };
}

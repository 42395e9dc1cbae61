/** The training worker as the runtime sees it: `power` and `device-state` in, datasets out. */
import type { ScannedEvent } from "../../shared/bytes/scanned_event.ts";
import { decodeClosed, encodeClosed, isClosed } from "../../shared/stream/closed_memory.ts";
import { EventReader } from "../../shared/stream/event_reader.ts";
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

export function trainingCore(settings: SessionSettings): WorkerCore<ScannedEvent> {
  const reader = new EventReader();
  return {
    name: TRAINING_GROUP,
    inputs: INPUTS,
    outputTopics: [DATASET_TOPIC],
    decode: (input, records, index, names) =>
      INPUTS[input] === POWER_TOPIC
        ? reader.reading(records, index, names)
        : reader.deviceState(records, index, names),
    isMemory: isClosed,
    closedPast: (second, memory) => encodeClosed(Math.max(decodeClosed(memory), second + 1)),
    household: (parts) => new SessionHousehold(parts, settings),
  };
}

/** The predictions worker as the runtime sees it: `power` in, windows out. */
import { decodeEvent, type Reading, readingSchema } from "../../shared/events.ts";
import { decodeClosed, encodeClosed, isClosed } from "../../shared/stream/closed_memory.ts";
import type { WorkerCore } from "../../shared/stream/household.ts";
import { POWER_TOPIC, PREDICTIONS_GROUP, PREDICTIONS_TOPIC } from "../../shared/topics.ts";
import { WindowHousehold, type WindowSettings } from "./sliding_window.ts";

export function predictionsCore(settings: WindowSettings): WorkerCore<Reading> {
  return {
    name: PREDICTIONS_GROUP,
    inputs: [POWER_TOPIC],
    outputTopics: [PREDICTIONS_TOPIC],
    decode: (_input, value) => decodeEvent(readingSchema, value),
    isMemory: isClosed,
    closedPast: (second, memory) =>
      encodeClosed(Math.max(decodeClosed(memory), second + settings.windowS)),
    household: (identity, memory, sink) =>
      new WindowHousehold(identity, decodeClosed(memory), settings, sink),
  };
}

/** The predictions worker as the runtime sees it: `power` in, windows out. */
import type { ScannedEvent } from "../../shared/bytes/scanned_event.ts";
import { decodeClosed, encodeClosed, isClosed } from "../../shared/stream/closed_memory.ts";
import { EventReader } from "../../shared/stream/event_reader.ts";
import type { WorkerCore } from "../../shared/stream/household.ts";
import { POWER_TOPIC, PREDICTIONS_GROUP, PREDICTIONS_TOPIC } from "../../shared/topics.ts";
import { WindowWriter } from "./window_json.ts";
import { WindowHousehold, type WindowSettings } from "./sliding_window.ts";

export function predictionsCore(settings: WindowSettings): WorkerCore<ScannedEvent> {
  const reader = new EventReader();
  const writer = new WindowWriter(settings.windowS);
  return {
    name: PREDICTIONS_GROUP,
    inputs: [POWER_TOPIC],
    outputTopics: [PREDICTIONS_TOPIC],
    decode: (_input, records, index, names) => reader.reading(records, index, names),
    isMemory: isClosed,
    closedPast: (second, memory) =>
      encodeClosed(Math.max(decodeClosed(memory), second + settings.windowS)),
    household: (parts) => new WindowHousehold(parts, settings, writer),
  };
}

/** What a household publishes: a reading, or its device states at the same second. */
import type { DeviceState, Reading } from "../../shared/events.ts";
import type { MessageKind } from "../../shared/mqtt/topics.ts";

export interface Publication {
  readonly kind: MessageKind;
  readonly event: Reading | DeviceState;
  /** Held back until the same kind of the next cycle had been published. */
  readonly isSwapped: boolean;
}

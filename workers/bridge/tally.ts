/**
 * What became of messages, counted in plain numbers and added to the metrics a batch at a time.
 * Each message is counted once, so those received are always the sum of the outcomes.
 */
import { MESSAGE_KINDS, type MessageKind } from "../../shared/mqtt/topics.ts";
import type { Metrics } from "../../shared/service/metrics.ts";
import { type bridgeMetrics, DROP_REASONS, type DropReason, RECEIVED_KINDS } from "./metrics.ts";
import { BRIDGE_REFUSALS } from "../../shared/mqtt/validate.ts";

/** The one outcome of a message. */
export type Outcome =
  | "appended"
  | typeof BRIDGE_REFUSALS[number]
  | "retained"
  | "other_share"
  | DropReason;

type Kind = typeof RECEIVED_KINDS[number];

export class Tally {
  #received: Partial<Record<Kind, number>> = {};
  #appended: Partial<Record<MessageKind, number>> = {};
  #others: Partial<Record<Outcome, number>> = {};
  stamped = 0;
  clockUnset = 0;
  redelivered = 0;

  /** Counts a message. `kind` is what its topic says. */
  count(kind: MessageKind | undefined, outcome: Outcome): void {
    const known = kind ?? "unknown";
    this.#received[known] = (this.#received[known] ?? 0) + 1;
    if (outcome !== "appended") this.#others[outcome] = (this.#others[outcome] ?? 0) + 1;
    else if (kind !== undefined) this.#appended[kind] = (this.#appended[kind] ?? 0) + 1;
  }

  /** Adds all of it to the metrics, and begins anew. */
  flush(metrics: Metrics<typeof bridgeMetrics>): void {
    for (const kind of RECEIVED_KINDS) {
      metrics.add("wattstream_bridge_received_total", this.#received[kind] ?? 0, { kind });
    }
    for (const topic of MESSAGE_KINDS) {
      metrics.add("wattstream_bridge_appended_total", this.#appended[topic] ?? 0, { topic });
    }
    for (const reason of BRIDGE_REFUSALS) {
      metrics.add("wattstream_bridge_dead_letters_total", this.#others[reason] ?? 0, { reason });
    }
    for (const reason of DROP_REASONS) {
      metrics.add("wattstream_bridge_dropped_total", this.#others[reason] ?? 0, { reason });
    }
    metrics.add("wattstream_bridge_retained_total", this.#others.retained ?? 0);
    metrics.add("wattstream_bridge_other_share_total", this.#others.other_share ?? 0);
    metrics.add("wattstream_bridge_stamped_total", this.stamped);
    metrics.add("wattstream_bridge_clock_unset_total", this.clockUnset);
    metrics.add("wattstream_bridge_redelivered_total", this.redelivered);
    this.#received = {};
    this.#appended = {};
    this.#others = {};
    this.stamped = 0;
    this.clockUnset = 0;
    this.redelivered = 0;
  }
}

/** Where a household's publications go: encoded, to its topics, over its user's connection, counted. */
import { encodeEvent, type HouseholdIdentity } from "../../shared/events.ts";
import { MESSAGE_KINDS, type MessageKind, type TopicLayout } from "../../shared/mqtt/topics.ts";
import type { Metrics } from "../../shared/service/metrics.ts";
import { HOUSEHOLD_TOPIC, POWER_TOPIC } from "../../shared/topics.ts";
import type { SimulatorMetrics } from "./metrics.ts";
import type { Publication } from "./publication.ts";
import type { Publisher } from "./publisher.ts";

/** The topic of each kind. */
export type HouseholdTopics = ReadonlyMap<MessageKind, string>;

/** @throws WattstreamError `config` when a name cannot be in a topic. */
export function householdTopics(
  layout: TopicLayout,
  names: { readonly username: string; readonly client_id: string },
): HouseholdTopics {
  return new Map(MESSAGE_KINDS.map((kind) => [kind, layout.format({ ...names, kind })]));
}

export class Outlet {
  readonly #topics: HouseholdTopics;
  readonly #publisher: Publisher;
  readonly #metrics: Metrics<SimulatorMetrics>;

  constructor(
    topics: HouseholdTopics,
    parts: { readonly publisher: Publisher; readonly metrics: Metrics<SimulatorMetrics> },
  ) {
    this.#topics = topics;
    this.#publisher = parts.publisher;
    this.#metrics = parts.metrics;
  }

  get hasRoom(): boolean {
    return this.#publisher.hasRoom;
  }

  /** Resolves once there is room for another publication. */
  room(): Promise<void> {
    return this.#publisher.room();
  }

  /** Says what the places of a household's states stand for. */
  tellNames({ username, client_id }: HouseholdIdentity, devices: readonly string[]): void {
    this.#publisher.publish({
      kind: HOUSEHOLD_TOPIC,
      topic: this.#topics.get(HOUSEHOLD_TOPIC)!,
      payload: encodeEvent({ client_id, username, devices: devices.map((name) => ({ name })) }),
    });
  }

  publish({ kind, event, isSwapped }: Publication): void {
    this.#publisher.publish({
      kind,
      topic: this.#topics.get(kind)!,
      payload: encodeEvent(event),
    });
    this.#metrics.add(
      kind === POWER_TOPIC
        ? "wattstream_simulator_readings_total"
        : "wattstream_simulator_states_total",
      1,
    );
    if (isSwapped) this.#metrics.add("wattstream_simulator_swapped_total", 1);
  }
}

/** Where a household's publications go: encoded, to its topics, over its user's connection, counted. */
import { encodeEvent, type HouseholdIdentity } from "../../shared/events.ts";
import { MESSAGE_KINDS, type MessageKind, type TopicLayout } from "../../shared/mqtt/topics.ts";
import { HOUSEHOLD_TOPIC } from "../../shared/topics.ts";
import type { Publication } from "./publication.ts";
import type { Publisher } from "./publisher.ts";
import type { Tally } from "./tally.ts";

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
  readonly #tally: Tally;

  constructor(
    topics: HouseholdTopics,
    parts: { readonly publisher: Publisher; readonly tally: Tally },
  ) {
    this.#topics = topics;
    this.#publisher = parts.publisher;
    this.#tally = parts.tally;
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
    this.#tally.publish(kind, isSwapped);
  }
}

/** What each MQTT topic says, looked up once a topic and not once a message. */
import { TopicMemory } from "../../shared/mqtt/topic_memory.ts";
import type { TopicLayout, TopicMatch } from "../../shared/mqtt/topics.ts";
import { isOfShare, type Share } from "./share.ts";

export interface KnownTopic {
  /** The topic itself: its messages have this text in common and not each their own. */
  readonly topic: string;
  /** Undefined where the topic is not one of the layout. */
  readonly match: TopicMatch | undefined;
  /** Whether its messages are of our share; undefined where only the payload says so. */
  readonly isOurs: boolean | undefined;
}

export class TopicIndex {
  readonly #layout: TopicLayout;
  readonly #share: Share;
  readonly #memory = new TopicMemory((topic) => this.#find(topic));

  constructor(layout: TopicLayout, share: Share) {
    this.#layout = layout;
    this.#share = share;
  }

  lookUp(topic: string): KnownTopic {
    return this.#memory.lookUp(topic);
  }

  #find(topic: string): KnownTopic {
    const match = this.#layout.match(topic);
    const saysHousehold = match === undefined || match.client_id !== undefined ||
      this.#share.count === 1;
    return {
      topic,
      match,
      isOurs: saysHousehold ? isOfShare(this.#share, match?.client_id ?? null) : undefined,
    };
  }
}

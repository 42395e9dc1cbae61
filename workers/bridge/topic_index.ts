/** What each MQTT topic says, looked up once a topic and not once a message. */
import type { TopicLayout, TopicMatch } from "../../shared/mqtt/topics.ts";
import { isOfShare, type Share } from "./share.ts";

/** Topics remembered; beyond, all are forgotten and looked up again. Long ones are not worth it. */
const TOPICS_MAX = 20_000;
const TOPIC_LENGTH_MAX = 200;

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
  readonly #known = new Map<string, KnownTopic>();

  constructor(layout: TopicLayout, share: Share) {
    this.#layout = layout;
    this.#share = share;
  }

  lookUp(topic: string): KnownTopic {
    const known = this.#known.get(topic);
    if (known !== undefined) return known;
    const match = this.#layout.match(topic);
    const saysHousehold = match === undefined || match.client_id !== undefined ||
      this.#share.count === 1;
    const looked = {
      topic,
      match,
      isOurs: saysHousehold ? isOfShare(this.#share, match?.client_id ?? null) : undefined,
    };
    if (topic.length > TOPIC_LENGTH_MAX) return looked;
    if (this.#known.size >= TOPICS_MAX) this.#known.clear();
    this.#known.set(topic, looked);
    return looked;
  }
}

/**
 * What was found out about topics, once a topic and not once a message: meters publish to the same
 * ones for ever.
 */

/** Topics remembered; beyond, all are forgotten and looked up again. Long ones are not worth it. */
export const TOPICS_MAX = 250_000;
export const TOPIC_LENGTH_MAX = 200;

export class TopicMemory<T> {
  readonly #find: (topic: string) => T;
  readonly #known = new Map<string, T>();

  /** @param find finds it out. */
  constructor(find: (topic: string) => T) {
    this.#find = find;
  }

  lookUp(topic: string): T {
    const known = this.#known.get(topic);
    if (known !== undefined) return known;
    const found = this.#find(topic);
    if (topic.length > TOPIC_LENGTH_MAX) return found;
    if (this.#known.size >= TOPICS_MAX) this.#known.clear();
    this.#known.set(topic, found);
    return found;
  }

  /** What was found out may no longer hold. */
  forget(): void {
    this.#known.clear();
  }
}

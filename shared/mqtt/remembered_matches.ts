/**
 * Has the embedded broker find out once a topic, and not once a message, who has subscribed to it:
 * aedes asks for the connections and for the sessions of each, which was a sixth of its work.
 */
import type { Aedes } from "aedes";
import { TopicMemory } from "./topic_memory.ts";

/** What of aedes is private to it and mqemitter, whose exact versions are pinned. */
interface BrokerParts {
  readonly mq: { readonly _matcher: Matcher };
  readonly persistence: SubscriptionStore;
}

/** Which connections have subscribed to a topic. */
interface Matcher {
  match(topic: string): unknown;
  add(...args: unknown[]): unknown;
  remove(...args: unknown[]): unknown;
}

/** Which sessions have. */
interface SubscriptionStore {
  subscriptionsByTopic(topic: string): Promise<unknown>;
  addSubscriptions(...args: unknown[]): Promise<unknown>;
  removeSubscriptions(...args: unknown[]): Promise<unknown>;
  cleanSubscriptions(...args: unknown[]): Promise<unknown>;
}

export function rememberMatches(broker: Aedes): void {
  const { mq: { _matcher: matcher }, persistence } = broker as unknown as BrokerParts;
  remember(matcher, "match", ["add", "remove"]);
  remember(persistence, "subscriptionsByTopic", [
    ...["addSubscriptions", "removeSubscriptions", "cleanSubscriptions"] as const,
  ]);
}

/** Remembers what `read` says of a topic, until one of `changes` is called. */
function remember<K extends string>(
  owner: Record<K, (...args: never[]) => unknown>,
  read: K,
  changes: readonly K[],
): void {
  const methods = owner as unknown as Record<K, (...args: unknown[]) => unknown>;
  const find = methods[read].bind(owner);
  const memory = new TopicMemory((topic) => find(topic));
  methods[read] = (topic) => memory.lookUp(topic as string);
  for (const name of changes) {
    const change = methods[name].bind(owner);
    methods[name] = (...args) => {
      // Both take effect at once, whatever they resolve to later.
      const result = change(...args);
      memory.forget();
      return result;
    };
  }
}

/**
 * Has the embedded broker find out once a topic, and not once a message, who has subscribed to it:
 * aedes asks for the connections and for the sessions of each, which was a sixth of its work.
 */
import type { Aedes } from "aedes";
import { TopicMemory } from "./topic_memory.ts";

/** What of aedes is private to it and mqemitter, whose exact versions are pinned. */
export interface BrokerParts {
  readonly matcher: Matcher;
  readonly persistence: SubscriptionStore;
}

/** Which connections have subscribed to a topic: what delivers to each. */
interface Matcher {
  match(topic: string): unknown[];
  add(...args: unknown[]): unknown;
  remove(...args: unknown[]): unknown;
}

/** Which sessions have. */
interface SubscriptionStore {
  subscriptionsByTopic(topic: string): Promise<{ readonly clientId: string }[]>;
  addSubscriptions(...args: unknown[]): Promise<unknown>;
  removeSubscriptions(...args: unknown[]): Promise<unknown>;
  cleanSubscriptions(...args: unknown[]): Promise<unknown>;
}

export function partsOf(broker: Aedes): BrokerParts {
  const { mq, persistence } = broker as unknown as {
    readonly mq: { readonly _matcher: Matcher };
    readonly persistence: SubscriptionStore;
  };
  return { matcher: mq._matcher, persistence };
}

/** @param onChange hears that who has subscribed may be others now. */
export function rememberMatches(broker: Aedes, onChange: () => void): void {
  const { matcher, persistence } = partsOf(broker);
  remember(matcher, "match", ["add", "remove"], onChange);
  remember(persistence, "subscriptionsByTopic", [
    ...["addSubscriptions", "removeSubscriptions", "cleanSubscriptions"] as const,
  ], onChange);
}

/** Remembers what `read` says of a topic, until one of `changes` is called. */
function remember<K extends string>(
  owner: Record<K, (...args: never[]) => unknown>,
  read: K,
  changes: readonly K[],
  onChange: () => void,
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
      onChange();
      return result;
    };
  }
}

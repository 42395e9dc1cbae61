/**
 * What is known of the cluster: its brokers, the leaders of partitions, the coordinators of groups and
 * transactions. Learnt when asked for, kept, and learnt anew once an answer says that it is out of
 * date.
 */
import { type API, ProtocolError } from "@platformatic/kafka";
import { invariant, WattstreamError } from "../../../errors.ts";
import { Connections } from "./connections.ts";
import { type Action, answerIn, brokerCodes, isAnswer, isRetriable, reasonOf } from "./errors.ts";
import {
  leadersOf,
  listedIn,
  type ListedTopic,
  type MetadataAnswer,
  type Topic,
} from "./metadata.ts";
import type { Address, KafkaSettings } from "./options.ts";
import * as protocol from "./protocol.ts";
import { type Patience, untilDone } from "./wait.ts";

/**
 * Milliseconds for which an operation is tried again before it fails as `unavailable`: longer than a
 * cluster takes to notice that a broker is gone (9 s) and to give its partitions to others.
 */
const PATIENCE_MS = 15_000;

/** The broker to ask for a partition. */
export interface Leader extends Address {
  readonly nodeId: number;
  /** Grows with every change of the leader. */
  readonly epoch: number;
}

/** What coordinators there are. */
export type CoordinatorKind = "group" | "transaction";

export class Cluster {
  readonly settings: KafkaSettings;
  readonly patience: Patience;
  readonly #connections: Connections;
  readonly #brokers = new Map<number, Address>();
  readonly #topics = new Map<string, Topic>();
  readonly #coordinators = new Map<string, Address>();
  readonly #refreshing = new Map<string, Promise<Topic>>();
  /** The broker that answered last: asked first, so that one that hangs costs its timeout once. */
  #lastGood: Address | undefined;

  constructor(settings: KafkaSettings, patienceMs: number = PATIENCE_MS) {
    this.settings = settings;
    this.patience = { patienceMs };
    this.#connections = new Connections(settings);
  }

  async close(): Promise<void> {
    await this.#connections.close();
  }

  /** Every broker that is alive as far as known. */
  brokers(): Map<number, Address> {
    return new Map(this.#brokers);
  }

  /** Every topic, or those named that exist. */
  async listTopics(names: readonly string[] | undefined): Promise<ListedTopic[]> {
    const answer = await untilDone(
      () => this.#askForMetadata(names),
      { operation: "DESCRIBE", resource: `topic ${names?.join(", ") ?? "*"}` },
      this.patience,
    );
    return answer;
  }

  /** The topics named that exist, as each broker knows them; without the brokers that do not answer. */
  async listTopicsOfEach(names: readonly string[]): Promise<ListedTopic[][]> {
    const lists = [...this.#brokers.values()].map(async (address) => {
      try {
        const answer = await this.ask(address, protocol.metadata, [...names], false, false)
          .catch(answerIn<MetadataAnswer>);
        return listedIn(answer);
      } catch (error) {
        if (!isRetriable(error)) throw error;
        return isAnswer(error) ? [] : undefined;
      }
    });
    return (await Promise.all(lists)).filter((list) => list !== undefined);
  }

  /** @throws WattstreamError `unavailable` where the topic is missing. */
  async partitionCount(topic: string): Promise<number> {
    const known = this.#topics.get(topic);
    if (known !== undefined) return known.leaders.length;
    // What is known may be forgotten again by others before it is looked up.
    const { leaders } = await untilDone(
      () => this.#refresh(topic),
      { operation: "DESCRIBE", resource: `topic ${topic}` },
      this.patience,
    );
    return leaders.length;
  }

  /** The leader as far as known. @throws a retriable error where there is none now. */
  async leader(topic: string, partition: number): Promise<Leader> {
    const known = this.#leader(topic, partition);
    if (known !== undefined) return known;
    await this.#refresh(topic);
    const found = this.#leader(topic, partition);
    if (found === undefined) throw new ProtocolError("LEADER_NOT_AVAILABLE");
    return found;
  }

  /** Forgets what was known of a topic, so that its leaders are asked for again. */
  forgetLeaders(topic: string): void {
    this.#topics.delete(topic);
  }

  /** Forgets a coordinator that turned out not to be it, or not to answer. */
  forgetCoordinator(kind: CoordinatorKind, key: string): void {
    this.#coordinators.delete(`${kind} ${key}`);
  }

  /** The coordinator as far as known. @throws a retriable error where there is none now. */
  async coordinator(kind: CoordinatorKind, key: string): Promise<Address> {
    const name = `${kind} ${key}`;
    const known = this.#coordinators.get(name);
    if (known !== undefined) return known;
    const keyType = kind === "group" ? 0 : 1;
    const answer = await this.#anyBroker(protocol.findCoordinator, keyType, [key]);
    const [found] = answer.coordinators;
    invariant(found !== undefined, `no coordinator in the answer for ${name}`);
    const address = { host: found.host, port: found.port };
    this.#coordinators.set(name, address);
    return address;
  }

  /**
   * Asks the coordinator, and looks for it again where it turns out to be another broker.
   * @throws WattstreamError, see {@link explain}.
   */
  async askCoordinator<A extends unknown[], R>(
    connections: Connections,
    target: { readonly kind: CoordinatorKind; readonly key: string; readonly action: Action },
    api: API<A, R>,
    ...args: A
  ): Promise<R> {
    return await untilDone(
      () => this.askCoordinatorOnce(connections, target, api, ...args),
      target.action,
      this.patience,
    );
  }

  /** As {@link askCoordinator}, without another try. @throws the client's errors. */
  async askCoordinatorOnce<A extends unknown[], R>(
    connections: Connections,
    target: { readonly kind: CoordinatorKind; readonly key: string },
    api: API<A, R>,
    ...args: A
  ): Promise<R> {
    try {
      const address = await this.coordinator(target.kind, target.key);
      return await connections.call(address, api, ...args);
    } catch (error) {
      const codes = brokerCodes(error);
      if (codes.length === 0 || codes.some((code) => /COORDINATOR/.test(code))) {
        this.forgetCoordinator(target.kind, target.key);
      }
      throw error;
    }
  }

  /** Asks the leader of one partition once, and forgets it where it turns out to be another. */
  async askLeader<A extends unknown[], R>(
    connections: Connections,
    target: { readonly topic: string; readonly partition: number },
    api: API<A, R>,
    args: (leader: Leader) => A,
  ): Promise<R> {
    try {
      const leader = await this.leader(target.topic, target.partition);
      return await connections.call(leader, api, ...args(leader));
    } catch (error) {
      this.forgetLeaders(target.topic);
      throw error;
    }
  }

  /** Asks whichever broker answers, once. @throws the client's errors. */
  async askOnce<A extends unknown[], R>(api: API<A, R>, ...args: A): Promise<R> {
    return await this.#anyBroker(api, ...args);
  }

  /** Asks whichever broker answers. @throws WattstreamError, see {@link explain}. */
  async askAny<A extends unknown[], R>(action: Action, api: API<A, R>, ...args: A): Promise<R> {
    return await untilDone(() => this.#anyBroker(api, ...args), action, this.patience);
  }

  /** Asks one broker once. @throws the client's errors. */
  async ask<A extends unknown[], R>(address: Address, api: API<A, R>, ...args: A): Promise<R> {
    return await this.#connections.call(address, api, ...args);
  }

  #leader(topic: string, partition: number): Leader | undefined {
    const leader = this.#topics.get(topic)?.leaders[partition];
    const address = leader && this.#brokers.get(leader.nodeId);
    return address && { ...address, ...leader! };
  }

  /** Learns the leaders of one topic; once, where several ask at the same time. */
  #refresh(topic: string): Promise<Topic> {
    const underWay = this.#refreshing.get(topic);
    if (underWay !== undefined) return underWay;
    const refreshing = this.#askForMetadata([topic]).then((found) => {
      const known = this.#topics.get(topic);
      if (found.length === 0 || known === undefined) {
        throw new ProtocolError("UNKNOWN_TOPIC_OR_PARTITION");
      }
      return known;
    }).finally(() => this.#refreshing.delete(topic));
    this.#refreshing.set(topic, refreshing);
    return refreshing;
  }

  async #askForMetadata(names: readonly string[] | undefined): Promise<ListedTopic[]> {
    const answer = await this.#anyBroker(protocol.metadata, names ? [...names] : null, false, false)
      .catch(answerIn<MetadataAnswer>);
    this.#brokers.clear();
    for (const { nodeId, host, port } of answer.brokers) this.#brokers.set(nodeId, { host, port });
    for (const { name, partitions } of answer.topics.filter(({ errorCode }) => errorCode === 0)) {
      this.#topics.set(name!, { leaders: leadersOf(partitions) });
    }
    return listedIn(answer);
  }

  /** Asks the brokers one after the other until one answers. */
  async #anyBroker<A extends unknown[], R>(api: API<A, R>, ...args: A): Promise<R> {
    let last: unknown;
    for (const address of this.#addresses()) {
      try {
        const answer = await this.#connections.call(address, api, ...args);
        this.#lastGood = address;
        return answer;
      } catch (error) {
        if (isAnswer(error)) this.#lastGood = address;
        if (isAnswer(error) || !isRetriable(error)) throw error;
        last = error;
      }
    }
    throw this.#lastGood === undefined ? this.#unreachable(last) : last;
  }

  /** A cluster that was never there is more likely mistaken than away: not worth another try. */
  #unreachable(cause: unknown): WattstreamError {
    const names = this.settings.bootstrap.map(({ host, port }) => `${host}:${port}`).join(", ");
    return new WattstreamError(
      "unavailable",
      `Start Kafka or correct --log (kafkas:// for TLS): ${names} cannot be reached, ${
        reasonOf(cause)
      }`,
      { cause },
    );
  }

  #addresses(): Address[] {
    const first = this.#lastGood === undefined ? [] : [this.#lastGood];
    const all = [...first, ...this.#brokers.values(), ...this.settings.bootstrap];
    return [...new Map(all.map((each) => [`${each.host}:${each.port}`, each])).values()];
  }
}

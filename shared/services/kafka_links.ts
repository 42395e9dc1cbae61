/**
 * Links: further listeners of a cluster, each behind proxies of its own, so that the network of
 * whoever uses one can stall while everyone else's goes on. Kafka's clients follow the addresses that
 * brokers advertise, so a listener advertises its proxy.
 */
import type { BrokerAddress } from "./kafka_config.ts";
import { StallingProxy } from "./stalling_proxy.ts";

/** A way to all brokers of a cluster. */
export class KafkaLink {
  /** `kafka://127.0.0.1:PORT[,127.0.0.1:PORT…]`. */
  readonly url: string;
  readonly #proxies: readonly StallingProxy[];

  constructor(index: number, cluster: readonly BrokerAddress[]) {
    const links = cluster.map(({ links = [] }) => links[index]!);
    this.url = `kafka://${links.map(({ proxyPort }) => `127.0.0.1:${proxyPort}`).join(",")}`;
    this.#proxies = links.map(({ port, proxyPort }) =>
      new StallingProxy({ port: proxyPort, targetPort: port })
    );
  }

  /** Nothing passes from now on, to or from any broker; nothing is closed. */
  stall(): void {
    for (const proxy of this.#proxies) proxy.stall();
  }

  /** All passes again, beginning with what has waited. */
  resume(): void {
    for (const proxy of this.#proxies) proxy.resume();
  }

  async close(): Promise<void> {
    await Promise.all(this.#proxies.map((proxy) => proxy.close()));
  }
}

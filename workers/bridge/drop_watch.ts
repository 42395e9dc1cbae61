/**
 * What a broker tells of messages that it dropped because a client's queue was full. It does not say
 * whose they were; and it tells only those whom its access list lets listen.
 */
import type { MqttClient } from "mqtt";

/** Where brokers count them, from their start on. */
const DROP_FILTERS: readonly string[] = [
  // Mosquitto
  "$SYS/broker/publish/messages/dropped",
  // mochi
  "$SYS/broker/messages/dropped",
  // EMQX, for each of its nodes
  "$SYS/brokers/+/metrics/delivery/dropped/queue_full",
];
/** A broker that hangs up so often when it is asked is asked no more. */
const HANG_UPS_MAX = 3;

export interface DropWatchParts {
  /** What a topic had told before, in this process or a former one. */
  readonly before: (topic: string) => number | undefined;
  readonly remember: (topic: string, count: number) => void;
  /** Hears of messages that were dropped since. */
  readonly onDropped: (count: number) => void;
}

export class DropWatch {
  readonly #parts: DropWatchParts;
  #hangUps = 0;

  constructor(parts: DropWatchParts) {
    this.#parts = parts;
  }

  /** Whether a message is the broker's own, and none of a household. */
  static isOfBroker(topic: string): boolean {
    return topic.startsWith("$SYS/");
  }

  /** Asks to be told, on this connection; a broker that refuses is no problem. */
  async subscribe(client: MqttClient): Promise<void> {
    if (this.#hangUps >= HANG_UPS_MAX) return;
    try {
      await client.subscribeAsync([...DROP_FILTERS], { qos: 0 });
      this.#hangUps = 0;
    } catch {
      // It says no, which is its right; some say so by ending the connection.
      if (!client.connected) this.#hangUps++;
    }
  }

  /** Takes what the broker tells; all else that it says is passed over. */
  hear(topic: string, payload: Uint8Array): void {
    const text = new TextDecoder().decode(payload).trim();
    if (!/^\d{1,15}$/.test(text)) return;
    const count = Number(text);
    const before = this.#parts.before(topic);
    if (count === before) return;
    this.#parts.remember(topic, count);
    // Where nothing is known of before, it may have been long ago.
    if (before === undefined) return;
    const dropped = count > before ? count - before : count;
    if (dropped > 0) this.#parts.onDropped(dropped);
  }
}

/**
 * The way of messages into the spool: written as they come, synced in groups, and only then
 * acknowledged. One sync is under way at a time; what is written meanwhile is the next group.
 *
 *   written   ███████████████▓▓▓▓▓▓░░░
 *             acknowledged   │     └ the next sync
 *                            └ the sync under way
 */
import { type HeldAck, sendHeldAcks } from "./held_ack.ts";
import type { Metrics } from "../../shared/service/metrics.ts";
import { BATCH_MAX, type Entry, type MessageBuffer } from "./message_buffer.ts";
import type { bridgeMetrics } from "./metrics.ts";
import type { Spool, Written } from "../../shared/spool/spool.ts";

/** An acknowledgement, and up to where the spool has to be safe before it is sent. */
interface OwedAck {
  readonly ack: HeldAck;
  readonly position: number;
}

/** What became of messages that were to be written. */
export interface Saved {
  /** So many, from the first on, are no longer ours to keep or acknowledge. */
  readonly count: number;
  /** Of them, those that are in the spool; the others need not be. */
  readonly writtenCount: number;
  /** Why not all. */
  readonly problem: Written["problem"];
}

export class SpoolWriter {
  readonly #spool: Spool;
  readonly #metrics: Metrics<typeof bridgeMetrics>;
  /** In the order of arrival, which is that of the positions. */
  readonly #owed: OwedAck[] = [];
  #syncing: Promise<void> | undefined;

  constructor(spool: Spool, metrics: Metrics<typeof bridgeMetrics>) {
    this.#spool = spool;
    this.#metrics = metrics;
  }

  /** Acknowledgements that wait for the disk. */
  get owedCount(): number {
    return this.#owed.length;
  }

  /** Puts messages behind all that the spool holds, as many as it takes. */
  write(entries: readonly Entry[]): Saved {
    const start = this.#spool.position;
    const messages = entries.filter(({ passedOver }) => passedOver === undefined)
      .map(({ known: { topic }, payload, arrivedMs }) => ({
        ...{ topic, payload: payload.view(), arrivedMs },
      }));
    const { count: writtenCount, problem } = this.#spool.write(messages);
    let [count, written] = [0, 0];
    for (const { held, passedOver } of entries) {
      if (passedOver === undefined && written === writtenCount) break;
      if (passedOver === undefined) written++;
      if (held !== undefined) this.#owed.push({ ack: held, position: start + written });
      count++;
    }
    this.#metrics.add("wattstream_bridge_spooled_total", writtenCount);
    if (this.#owed.length > 0) this.#syncing ??= this.#sync();
    return { count, writtenCount, problem };
  }

  /**
   * Moves all of the buffer behind what the spool holds. @param onSaved hears of each message moved.
   * @returns why the spool does not take all.
   */
  writeAll(buffer: MessageBuffer, onSaved: (entry: Entry) => void): Written["problem"] {
    let problem: Written["problem"];
    while (problem === undefined && buffer.count > 0) {
      const saved = this.write(buffer.first(BATCH_MAX));
      for (const entry of buffer.take({ ...BATCH_MAX, count: saved.count })) onSaved(entry);
      problem = saved.problem;
    }
    return problem;
  }

  /** Acknowledges what is safe: synced, or in the log by now. */
  acknowledge(): void {
    const { safePosition } = this.#spool;
    let count = 0;
    while (count < this.#owed.length && this.#owed[count]!.position <= safePosition) count++;
    if (count > 0) sendHeldAcks(this.#owed.splice(0, count).map(({ ack }) => ack));
  }

  /** Resolves once no sync is under way. */
  async settled(): Promise<void> {
    await this.#syncing;
  }

  async #sync(): Promise<void> {
    let isSafer = true;
    while (isSafer && this.#owed.length > 0) {
      isSafer = await this.#spool.sync();
      this.acknowledge();
    }
    this.#syncing = undefined;
  }
}

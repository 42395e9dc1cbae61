/**
 * Traces of some readings, from their arrival to the log, which goes on with them in a header of their
 * record.
 *
 *   bridge receive ├────────────────────────────────┤      from the broker until it is acknowledged
 *   append power                  ├────────────────┤       until the log has it
 */
import type { Span } from "@opentelemetry/api";
import { POWER_TOPIC } from "../../shared/topics.ts";
import type { Tracing } from "../../shared/tracing/tracing.ts";
import type { DatedRecord } from "./append_order.ts";

export interface MessageTraceParts {
  readonly tracing: Tracing;
  /** Of the readings, from 0 to 1. */
  readonly share: number;
  readonly nowMs: () => number;
  readonly random: () => number;
}

export class MessageTraces {
  readonly #parts: MessageTraceParts;
  /** Readings to pass over before the next one that is traced. */
  #passedOver: number;
  /** Of the batch in hand. */
  #spans: Span[] = [];

  constructor(parts: MessageTraceParts) {
    this.#parts = parts;
    this.#passedOver = this.#gap();
  }

  /** The same records, some of them with the trace that begins with them. */
  begin(records: DatedRecord[]): DatedRecord[] {
    // Those of a batch that was given up are never told.
    this.#spans = [];
    return records.map((record) => {
      if (record.topic !== POWER_TOPIC || this.#passedOver-- > 0) return record;
      this.#passedOver = this.#gap();
      return this.#trace(record);
    });
  }

  /** The log has the records of the last `begin`, and their messages are acknowledged. */
  end(): void {
    for (const span of this.#spans) span.end(this.#parts.nowMs());
    this.#spans = [];
  }

  #trace(record: DatedRecord): DatedRecord {
    const { tracing, nowMs } = this.#parts;
    const { username, timestampS, arrivedMs } = record;
    const attributes = {
      "wattstream.username": username ?? "",
      "wattstream.client_id": String(record.partitionKey ?? record.key),
      "wattstream.timestamp": timestampS ?? 0,
    };
    const received = tracing.begin({
      ...{ name: "bridge receive", kind: "consumer", startMs: arrivedMs, attributes },
    });
    const appended = tracing.begin({
      name: `append ${record.topic}`,
      kind: "producer",
      parent: received.spanContext(),
      startMs: nowMs(),
      attributes: { "messaging.destination.name": record.topic },
    });
    this.#spans.push(appended, received);
    const headers = { ...record.headers, ...tracing.header(appended) };
    return { ...record, headers };
  }

  /** How many readings to pass over, so that each is traced with the same probability. */
  #gap(): number {
    const { share, random } = this.#parts;
    if (share <= 0) return Infinity;
    return share >= 1 ? 0 : Math.floor(Math.log(1 - random()) / Math.log(1 - share));
  }
}

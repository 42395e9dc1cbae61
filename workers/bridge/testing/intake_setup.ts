/** What tests of the intake have in common: a log whose answers the test gives, and messages. */
import assert from "node:assert/strict";
import { ByteRange } from "../../../shared/bytes/byte_range.ts";
import type { Appender, NewRecord } from "../../../shared/log/log.ts";
import { DEFAULT_TOPIC_LAYOUT, parseTopicLayout } from "../../../shared/mqtt/topics.ts";
import { Metrics } from "../../../shared/service/metrics.ts";
import { eventually, PATIENCE_MS } from "../../../shared/eventually.ts";
import type { AckStream } from "../held_ack.ts";
import { Intake } from "../intake.ts";
import type { IncomingMessage } from "../message_buffer.ts";
import { bridgeMetrics } from "../metrics.ts";
import type { Share } from "../share.ts";
import type { Spool } from "../../../shared/spool/spool.ts";

export const DEADLINE = { deadlineMs: PATIENCE_MS, intervalMs: 2 };

/** A log whose every append the test answers: real logs do not fail when they are told to. */
export class ManualAppender implements Appender {
  readonly calls: { records: readonly NewRecord[]; done: PromiseWithResolvers<void> }[] = [];
  #isAnswering = false;

  append(records: readonly NewRecord[]): Promise<void> {
    const done = Promise.withResolvers<void>();
    this.calls.push({ records, done });
    if (this.#isAnswering) done.resolve();
    return done.promise;
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  /** Takes all that is under way, and from now on whatever comes. */
  takeAll(): void {
    this.#isAnswering = true;
    for (const { done } of this.calls) done.resolve();
  }

  /** The readings of all calls. */
  values(): number[] {
    return this.calls.flatMap(({ records }) => records.map(consumptionOf));
  }

  /** Waits for append number `index` (from 0) and gives the readings in it. */
  async call(index: number): Promise<{ values: number[]; done: PromiseWithResolvers<void> }> {
    const { records, done } = await eventually(() => {
      assert.ok(this.calls.length > index);
      return this.calls[index]!;
    }, DEADLINE);
    return { values: records.map(consumptionOf), done };
  }
}

/** The reading in a record. */
export function consumptionOf({ value }: NewRecord): number {
  const text = value instanceof ByteRange ? new TextDecoder().decode(value.view()) : String(value);
  return JSON.parse(text).consumption;
}

export class Stream implements AckStream {
  destroyed = false;
  writableEnded = false;
  readonly written: Uint8Array[] = [];
  /** The messages that are acknowledged. */
  get ids(): number[] {
    return this.written.flatMap((bytes) => {
      const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
      return Array.from({ length: bytes.length / 4 }, (_, index) => view.getUint16(index * 4 + 2));
    });
  }
  write(bytes: Uint8Array): void {
    this.written.push(bytes);
  }
}

export interface StartOptions {
  readonly bufferMessagesMax?: number;
  readonly layout?: string;
  readonly share?: Share;
  readonly spool?: Spool;
  /** In place of the one whose answers the test gives. */
  readonly appender?: Appender;
}

/** An intake that runs, and a look at all that it touches. */
export function start(options: StartOptions = {}) {
  const parsed = parseTopicLayout(options.layout ?? DEFAULT_TOPIC_LAYOUT);
  assert.ok(parsed.ok);
  const appender = new ManualAppender();
  const metrics = new Metrics(bridgeMetrics);
  const logStates: (string | undefined)[] = [];
  const drops: [reason: string, count: number][] = [];
  const giveUp = new AbortController();
  const intake = new Intake({
    appender: options.appender ?? appender,
    layout: parsed.layout,
    metrics,
    share: options.share ?? { index: 0, count: 1 },
    bufferMessagesMax: options.bufferMessagesMax ?? 100,
    spool: options.spool,
    onLogState: (problem) => logStates.push(problem),
    onDrop: (reason, count) => drops.push([reason, count]),
    nowMs: () => 0,
    elapsedMs: () => 0,
    random: () => 0,
  });
  const value = async (name: string): Promise<number | undefined> => {
    const text = await metrics.text();
    const line = text.split("\n").find((candidate) => candidate.startsWith(`${name} `));
    return line === undefined ? undefined : Number(line.slice(name.length));
  };
  return { appender, intake, logStates, drops, giveUp, value, running: intake.run(giveUp.signal) };
}

export function message(
  consumption: number,
  options: Partial<IncomingMessage> & { readonly stream?: AckStream } = {},
): IncomingMessage {
  const { stream, ...rest } = options;
  return {
    topic: "energy/anna/flat-1/power",
    payload: new TextEncoder().encode(
      JSON.stringify({ client_id: "flat-1", username: "anna", timestamp: 1, consumption }),
    ),
    arrivedMs: 0,
    held: stream === undefined ? undefined : { stream, messageId: consumption },
    dup: false,
    retained: false,
    ...rest,
  };
}

/**
 * Builds the input records of one partition by hand, as a log would hold them: offsets dense from 0,
 * append times ascending over both inputs unless a test wants them otherwise.
 */
import type { LogRecord } from "../log/log.ts";
import { NO_HEADERS } from "../log/log.ts";
import { DEVICE_STATE_TOPIC, POWER_TOPIC, TICK_HEADER } from "../topics.ts";

/** Where and when a record is appended. */
export interface Placement {
  /** Append time in seconds. Default: the event time, or 1 ms after the record before it. */
  readonly atS?: number;
  /** Default: `home`. */
  readonly household?: string;
  readonly username?: string;
}

/** A record as it is appended to one of the inputs. */
export interface RawRecord {
  readonly topic: string;
  readonly appendMs: number;
  readonly key: string | null;
  readonly value: string | null;
  readonly headers?: Readonly<Record<string, string>>;
}

const encoder = new TextEncoder();

/** The two inputs of a task, ascending by offset; a whole partition unless there are more. */
export class InputLog {
  readonly power: LogRecord[] = [];
  readonly deviceState: LogRecord[] = [];
  readonly partitionCount: number;
  readonly partition: number;
  #lastMs = 0;

  constructor({ partition = 0, partitionCount = 1 } = {}) {
    this.partition = partition;
    this.partitionCount = partitionCount;
  }

  /** A reading of `t`; its power is `t` watts, so that a mixed up value shows. */
  reading(t: number, placement: Placement & { consumption?: number } = {}): this {
    return this.#event(POWER_TOPIC, t, { consumption: placement.consumption ?? t }, placement);
  }

  /** A device state of `t`; its bitmap is `t` in binary, so that a mixed up value shows. */
  state(t: number, placement: Placement & { bitmap?: boolean[] } = {}): this {
    return this.#event(
      DEVICE_STATE_TOPIC,
      t,
      { state_bitmap: placement.bitmap ?? bitmapOf(t) },
      placement,
    );
  }

  /** A reading and a state of each second from `first` to `last`. */
  fused(first: number, last: number, placement: Placement & { bitmap?: boolean[] } = {}): this {
    for (let t = first; t <= last; t++) this.state(t, placement).reading(t, placement);
    return this;
  }

  /** Readings of each second from `first` to `last`. */
  readings(first: number, last: number, placement: Placement = {}): this {
    for (let t = first; t <= last; t++) this.reading(t, placement);
    return this;
  }

  tick(atS?: number): this {
    return this.raw({
      topic: POWER_TOPIC,
      appendMs: atS === undefined ? this.#lastMs + 1 : atS * 1000,
      key: null,
      value: null,
      headers: { [TICK_HEADER]: "1" },
    });
  }

  raw({ topic, appendMs, key, value, headers = NO_HEADERS }: RawRecord): this {
    const records = topic === POWER_TOPIC ? this.power : this.deviceState;
    records.push({
      topic,
      partition: this.partition,
      offset: records.length,
      appendMs,
      key: key === null ? null : encoder.encode(key),
      value: value === null ? null : encoder.encode(value),
      headers,
    });
    this.#lastMs = appendMs;
    return this;
  }

  #event(topic: string, t: number, own: object, placement: Placement): this {
    const { atS, household = "home", username = "user" } = placement;
    return this.raw({
      topic,
      appendMs: atS === undefined ? Math.max(this.#lastMs + 1, t * 1000) : Math.round(atS * 1000),
      key: household,
      value: JSON.stringify({ client_id: household, username, timestamp: t, ...own }),
    });
  }
}

/** The lowest eight bits of a second. */
export function bitmapOf(t: number): boolean[] {
  return Array.from({ length: 8 }, (_, bit) => ((t >> bit) & 1) === 1);
}

/** The numbers from `first` to `last`, both included. */
export function secondsFrom(first: number, last: number): number[] {
  return Array.from({ length: last - first + 1 }, (_, i) => first + i);
}

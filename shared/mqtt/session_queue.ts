/**
 * The QoS 1 messages that a broker holds for one session, or a publisher for its broker, in the order
 * they came. What was sent and not acknowledged when a connection ends is sent again first, marked as a
 * duplicate, so nothing newer ever overtakes it.
 *
 *   acknowledged │ in flight (≤ window) │ waiting ◀── push
 *   ─────────────┼──────────────────────┼────────────────
 *                │ ──── rewind ───────▶ │ ──▶ dropped, the oldest first
 */

/** Message ids are 16 bits, and 0 is none. */
const MESSAGE_ID_MAX = 65_535;
/** Entries in front that are gone are cut off once they are this many. */
const COMPACT_AT = 1024;

interface Entry<T> {
  readonly message: T;
  readonly bytes: number;
  wasSent: boolean;
}

/** A message to send now. */
export interface Delivery<T> {
  readonly message: T;
  readonly messageId: number;
  /** It was sent before and may have arrived. */
  readonly dup: boolean;
}

/** How much may be pending for a session. */
export interface QueueLimits {
  readonly messages: number;
  readonly bytes: number;
}

export class SessionQueue<T> {
  /** Number of messages that may be in flight, below 65,535. */
  window: number;
  /** By message id, in the order they were sent. */
  readonly #inFlight = new Map<number, Entry<T>>();
  /** Those from `#first` on. */
  #waiting: (Entry<T> | undefined)[] = [];
  #first = 0;
  #bytes = 0;
  #lastId = 0;

  constructor(window: number) {
    this.window = window;
  }

  /** Messages not acknowledged yet, in flight or waiting. */
  get pending(): number {
    return this.#waiting.length - this.#first + this.#inFlight.size;
  }

  /** True where no more can be pending without going beyond these limits. */
  isFull({ messages, bytes }: QueueLimits): boolean {
    return this.pending >= messages || this.#bytes >= bytes;
  }

  push(message: T, bytes: number): void {
    this.#waiting.push({ message, bytes, wasSent: false });
    this.#bytes += bytes;
  }

  /** The next message to send, or undefined while the window is full or nothing waits. */
  next(): Delivery<T> | undefined {
    if (this.#inFlight.size >= this.window) return undefined;
    const entry = this.#shift();
    if (entry === undefined) return undefined;
    const dup = entry.wasSent;
    entry.wasSent = true;
    const messageId = this.#freeId();
    this.#inFlight.set(messageId, entry);
    return { message: entry.message, messageId, dup };
  }

  /** Takes an acknowledgement: the message, or undefined where none in flight has this id. */
  acknowledge(messageId: number): T | undefined {
    const entry = this.#inFlight.get(messageId);
    if (entry === undefined) return undefined;
    this.#inFlight.delete(messageId);
    this.#bytes -= entry.bytes;
    return entry.message;
  }

  /** The connection is gone: what is in flight will be sent again, before everything else. */
  rewind(): void {
    this.#waiting = [...this.#inFlight.values(), ...this.#waiting.slice(this.#first)];
    this.#first = 0;
    this.#inFlight.clear();
  }

  /** Drops the oldest that wait, until the rest is within these limits. Returns how many. */
  dropBeyond({ messages, bytes }: QueueLimits): number {
    let dropped = 0;
    while (this.pending > messages || this.#bytes > bytes) {
      const entry = this.#shift();
      // What is in flight may have arrived.
      if (entry === undefined) break;
      this.#bytes -= entry.bytes;
      dropped++;
    }
    return dropped;
  }

  /** Takes out the oldest that waits. */
  #shift(): Entry<T> | undefined {
    const entry = this.#waiting[this.#first];
    if (entry === undefined) return undefined;
    this.#waiting[this.#first++] = undefined;
    if (this.#first >= COMPACT_AT && this.#first * 2 >= this.#waiting.length) {
      this.#waiting = this.#waiting.slice(this.#first);
      this.#first = 0;
    }
    return entry;
  }

  #freeId(): number {
    do this.#lastId = this.#lastId % MESSAGE_ID_MAX + 1; while (this.#inFlight.has(this.#lastId));
    return this.#lastId;
  }
}

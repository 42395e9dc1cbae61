/**
 * The QoS 1 messages that a broker holds for one session, in the order they came. What was sent and
 * not acknowledged when a connection ends is sent again first, marked as a duplicate, so nothing
 * newer ever overtakes it.
 *
 *   acknowledged │ in flight (≤ window) │ waiting
 *   ─────────────┼──────────────────────┼────────▶ push
 *              head                  cursor
 *                ◀──────── rewind ──────┘
 */

/** Message ids are 16 bits, and 0 is none. */
const MESSAGE_ID_MAX = 65_535;
/** Acknowledged entries in front are cut off once they are this many. */
const COMPACT_AT = 1024;

interface Entry<T> {
  readonly message: T;
  wasSent: boolean;
  isAcknowledged: boolean;
}

/** A message to send now. */
export interface Delivery<T> {
  readonly message: T;
  readonly messageId: number;
  /** It was sent before and may have arrived. */
  readonly dup: boolean;
}

export class SessionQueue<T> {
  readonly #window: number;
  #entries: Entry<T>[] = [];
  #head = 0;
  #cursor = 0;
  #lastId = 0;
  readonly #inFlight = new Map<number, Entry<T>>();

  /** @param window number of messages that may be in flight, below 65,535. */
  constructor(window: number) {
    this.#window = window;
  }

  /** Messages not acknowledged yet, in flight or waiting. */
  get pending(): number {
    return this.#entries.length - this.#cursor + this.#inFlight.size;
  }

  push(message: T): void {
    this.#entries.push({ message, wasSent: false, isAcknowledged: false });
  }

  /** The next message to send, or undefined while the window is full or nothing waits. */
  next(): Delivery<T> | undefined {
    if (this.#inFlight.size >= this.#window) return undefined;
    const entry = this.#entries[this.#cursor];
    if (entry === undefined) return undefined;
    this.#cursor++;
    const dup = entry.wasSent;
    entry.wasSent = true;
    const messageId = this.#freeId();
    this.#inFlight.set(messageId, entry);
    return { message: entry.message, messageId, dup };
  }

  /** Takes an acknowledgement; false where no message in flight has this id. */
  acknowledge(messageId: number): boolean {
    const entry = this.#inFlight.get(messageId);
    if (entry === undefined) return false;
    this.#inFlight.delete(messageId);
    entry.isAcknowledged = true;
    while (this.#entries[this.#head]?.isAcknowledged) this.#head++;
    if (this.#head >= COMPACT_AT && this.#head * 2 >= this.#entries.length) {
      this.#entries = this.#entries.slice(this.#head);
      this.#cursor -= this.#head;
      this.#head = 0;
    }
    return true;
  }

  /** The connection is gone: what is in flight will be sent again, before everything else. */
  rewind(): void {
    this.#entries = this.#entries.slice(this.#head).filter((entry) => !entry.isAcknowledged);
    this.#inFlight.clear();
    this.#head = 0;
    this.#cursor = 0;
  }

  #freeId(): number {
    do this.#lastId = this.#lastId % MESSAGE_ID_MAX + 1; while (this.#inFlight.has(this.#lastId));
    return this.#lastId;
  }
}

/**
 * Messages taken in that are not in hand yet, in the order of arrival. Those that the broker keeps
 * until they are acknowledged and those of QoS 0 have a bound of their own each, so that neither
 * keeps the other out.
 */
import type { ByteRange } from "../../shared/bytes/byte_range.ts";
import type { HeldAck } from "./held_ack.ts";
import type { KnownTopic } from "./topic_index.ts";
import type { ArrivedMessage } from "../../shared/mqtt/validate.ts";

/** A message taken in from the broker. */
export interface IncomingMessage extends ArrivedMessage {
  /** The acknowledgement that a QoS 1 message is owed. */
  readonly held: HeldAck | undefined;
  /** The broker has sent it before; it is not necessarily in the log. */
  readonly dup: boolean;
  /** The broker had it stored, it is not new. */
  readonly retained: boolean;
}

/** A message on its way through the intake. */
export interface Entry {
  readonly payload: ByteRange;
  /** When it came, ms since 1970. */
  readonly arrivedMs: number;
  readonly held: HeldAck | undefined;
  readonly dup: boolean;
  readonly known: KnownTopic;
  /** It does not go to the log, and why. */
  readonly passedOver: "retained" | "other_share" | undefined;
}

/**
 * Bounds of what one append takes, and of one write to the spool. Of a backlog a request takes much: what
 * it costs broker and bridge beside its records is most of what small ones cost. To judge and encode so many
 * takes some 6 ms.
 */
export const BATCH_MAX: Bounds = { count: 5000, bytes: 1024 * 1024 };

interface Bounds {
  readonly count: number;
  readonly bytes: number;
}

/** Topics and payloads of either sort; the flag bounds the number of messages. */
const BYTES_MAX = 64 * 1024 * 1024;

class Amount {
  count = 0;
  bytes = 0;

  add(entry: Entry, sign: 1 | -1): void {
    this.count += sign;
    this.bytes += sign * sizeOf(entry);
  }
}

/** What a message holds in memory that its sender decides on, bytes. */
function sizeOf({ known, payload }: Entry): number {
  return known.topic.length + payload.length;
}

export class MessageBuffer {
  readonly #countMax: number;
  readonly #held = new Amount();
  readonly #unheld = new Amount();
  #entries: Entry[] = [];

  /** @param countMax messages of either sort. */
  constructor(countMax: number) {
    this.#countMax = countMax;
  }

  get count(): number {
    return this.#entries.length;
  }

  /** Of them, those that the broker keeps. */
  get heldCount(): number {
    return this.#held.count;
  }

  get unheldCount(): number {
    return this.#unheld.count;
  }

  get hasRoomForHeld(): boolean {
    return this.#hasRoom(this.#held);
  }

  get hasRoomForUnheld(): boolean {
    return this.#hasRoom(this.#unheld);
  }

  push(entry: Entry): void {
    this.#entries.push(entry);
    this.#amountOf(entry).add(entry, 1);
  }

  /** Takes the oldest, up to these bounds but at least one where there is one. */
  take(max: Bounds): Entry[] {
    const taken = this.#entries.splice(0, this.#fitting(max));
    for (const entry of taken) this.#amountOf(entry).add(entry, -1);
    return taken;
  }

  /** The oldest, within the same bounds, which stay here. */
  first(max: Bounds): Entry[] {
    return this.#entries.slice(0, this.#fitting(max));
  }

  /** Whether there is more of QoS 0 than may stay. */
  get hasExcess(): boolean {
    return this.#unheld.count > this.#countMax || this.#unheld.bytes > BYTES_MAX;
  }

  /** Removes the newest of QoS 0 that exceed their bound; gives them in the order of arrival. */
  dropExcess(): Entry[] {
    const dropped: Entry[] = [];
    const kept: Entry[] = [];
    while (this.hasExcess) {
      const entry = this.#entries.pop()!;
      if (entry.held !== undefined) kept.push(entry);
      else {
        this.#unheld.add(entry, -1);
        dropped.push(entry);
      }
    }
    for (const entry of kept.reverse()) this.#entries.push(entry);
    return dropped.reverse();
  }

  #fitting(max: Bounds): number {
    let bytes = 0;
    let count = 0;
    while (count < Math.min(this.#entries.length, max.count)) {
      bytes += sizeOf(this.#entries[count]!);
      if (count > 0 && bytes > max.bytes) break;
      count++;
    }
    return count;
  }

  #amountOf({ held }: Entry): Amount {
    return held === undefined ? this.#unheld : this.#held;
  }

  #hasRoom({ count, bytes }: Amount): boolean {
    return count < this.#countMax && bytes < BYTES_MAX;
  }
}

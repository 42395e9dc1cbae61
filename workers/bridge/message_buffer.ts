/**
 * Messages taken in that are not in hand yet, in the order of arrival. Those that the broker keeps
 * until they are acknowledged and those of QoS 0 have a bound of their own each, so that neither
 * keeps the other out.
 */
import { Buffer } from "node:buffer";
import type { HeldAck } from "./held_ack.ts";
import type { KnownTopic } from "./topic_index.ts";
import type { ArrivedMessage } from "./validate.ts";

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
export interface Entry extends ArrivedMessage {
  readonly held: HeldAck | undefined;
  readonly dup: boolean;
  readonly known: KnownTopic;
  /** It does not go to the log, and why. */
  readonly passedOver: "retained" | "other_share" | undefined;
}

export const NO_PAYLOAD = new Uint8Array();

/** A payload by itself: as a slice it would keep alive all that was read together with it. */
export function copyOf(payload: Uint8Array): Uint8Array {
  const copy = Buffer.allocUnsafe(payload.length);
  copy.set(payload);
  return copy;
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
function sizeOf({ topic, payload }: ArrivedMessage): number {
  return topic.length + payload.length;
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
  take(max: { readonly count: number; readonly bytes: number }): Entry[] {
    let bytes = 0;
    let count = 0;
    while (count < Math.min(this.#entries.length, max.count)) {
      bytes += sizeOf(this.#entries[count]!);
      if (count > 0 && bytes > max.bytes) break;
      count++;
    }
    const taken = this.#entries.splice(0, count);
    for (const entry of taken) this.#amountOf(entry).add(entry, -1);
    return taken;
  }

  /** Those of QoS 0, which stay here. */
  unheld(): Entry[] {
    return this.#entries.filter(({ held }) => held === undefined);
  }

  /** Removes those of QoS 0. */
  removeUnheld(): void {
    for (const entry of this.unheld()) this.#unheld.add(entry, -1);
    this.#entries = this.#entries.filter(({ held }) => held !== undefined);
  }

  #amountOf({ held }: Entry): Amount {
    return held === undefined ? this.#unheld : this.#held;
  }

  #hasRoom({ count, bytes }: Amount): boolean {
    return count < this.#countMax && bytes < BYTES_MAX;
  }
}

/**
 * Puts the answers of a broker together out of what a connection brings. A large one is read into memory
 * of its own from its second piece on, which takes half of what it takes to join pieces that were
 * read elsewhere.
 *
 *   length 9, answer, length 300,000, its begin ─▶ room of all ─▶ answer
 *                                                           └──▶ room of its own ◀─ the rest ─▶ answer
 */
import { NetworkError } from "@platformatic/kafka";
import { Buffer } from "node:buffer";

/** Before each answer stands its length, in four bytes. */
const LENGTH_BYTES = 4;
/** Holds most answers, several at a time. */
const ROOM_BYTES = 4 << 10;
/**
 * Above, whoever answers is no broker, or wants TLS: the first letters of `HTTP` are a length of 1.2 GB, an
 * alert of TLS is one of 350 MB.
 */
const ANSWER_BYTES_MAX = 1 << 28;

export class AnswerReader {
  readonly #take: (answer: Buffer) => void;
  readonly #room = Buffer.allocUnsafeSlow(ROOM_BYTES);
  /** Where in the room the bytes end that are no answer yet. */
  #roomEnd = 0;
  /** The answer whose rest is to come. */
  #answer: Buffer | undefined;
  #answerEnd = 0;

  /** `take` gets each answer without its length, in memory that nothing else lies in. */
  constructor(take: (answer: Buffer) => void) {
    this.#take = take;
  }

  /** Where the next bytes are to be put; never empty. */
  get free(): Buffer {
    return this.#answer === undefined
      ? this.#room.subarray(this.#roomEnd)
      : this.#answer.subarray(this.#answerEnd);
  }

  /** Takes in the first `count` bytes of {@link free}. @throws NetworkError where they are no answer. */
  received(count: number): void {
    const answer = this.#answer;
    if (answer === undefined) return this.#divide(this.#roomEnd + count);
    this.#answerEnd += count;
    if (this.#answerEnd < answer.length) return;
    this.#answer = undefined;
    this.#take(answer);
  }

  /** Takes the answers out of the room, which is full up to `end`. */
  #divide(end: number): void {
    const room = this.#room;
    let at = 0;
    this.#roomEnd = 0;
    while (end - at >= LENGTH_BYTES) {
      const answer = Buffer.allocUnsafeSlow(lengthOf(room.readInt32BE(at)));
      const copied = room.copy(answer, 0, at + LENGTH_BYTES, end);
      at += LENGTH_BYTES + copied;
      if (copied < answer.length) {
        this.#answer = answer;
        this.#answerEnd = copied;
      } else this.#take(answer);
    }
    room.copyWithin(0, at, end);
    this.#roomEnd = end - at;
  }
}

function lengthOf(length: number): number {
  if (length > 0 && length <= ANSWER_BYTES_MAX) return length;
  throw new NetworkError(`An answer of ${length} bytes is none of a broker`);
}

/** Messages as the intake has them: with what their topic says, and with payloads of their own. */
import { ByteRange } from "../../shared/bytes/byte_range.ts";
import type { ArrivedMessage } from "../../shared/mqtt/validate.ts";
import type { Entry, IncomingMessage } from "./message_buffer.ts";
import { PayloadBlocks } from "./payload_blocks.ts";
import type { TopicIndex } from "./topic_index.ts";

const NO_PAYLOAD = new ByteRange();

export class Entries {
  readonly #topics: TopicIndex;
  /** Messages that the broker keeps leave at other times than those that it does not. */
  readonly #heldBlocks = new PayloadBlocks();
  readonly #unheldBlocks = new PayloadBlocks();

  constructor(topics: TopicIndex) {
    this.#topics = topics;
  }

  /** A message that has just come in, whose payload may be a slice of more: it is copied. */
  arrived({ topic, payload: bytes, arrivedMs, held, dup, retained }: IncomingMessage): Entry {
    const known = this.#topics.lookUp(topic);
    const passedOver = retained ? "retained" : known.isOurs === false ? "other_share" : undefined;
    const blocks = held === undefined ? this.#unheldBlocks : this.#heldBlocks;
    const payload = passedOver === undefined ? blocks.copyOf(bytes) : NO_PAYLOAD;
    return { payload, arrivedMs, held, dup, known, passedOver };
  }

  /** A message out of the spool, which has been acknowledged. */
  spooled({ topic, payload: bytes, arrivedMs }: ArrivedMessage): Entry {
    const known = this.#topics.lookUp(topic);
    const passedOver = known.isOurs === false ? "other_share" : undefined;
    const payload = new ByteRange().set(bytes, 0, bytes.length);
    return { payload, arrivedMs, held: undefined, dup: false, known, passedOver };
  }
}

/** Text held against bytes without decoding them: most of what the oracle looks at is as expected. */
import { Buffer } from "node:buffer";

const encoder = new TextEncoder();
/** UTF-8 bytes of a UTF-16 code unit, at most. */
const UNIT_BYTES_MAX = 3;
let scratch = new Uint8Array(4096);

/** Whether these bytes are the text in UTF-8, and nothing else. */
export function isTextOf(bytes: Uint8Array, text: string): boolean {
  if (bytes.length < text.length) return false;
  if (scratch.length < text.length * UNIT_BYTES_MAX) {
    scratch = new Uint8Array(2 * text.length * UNIT_BYTES_MAX);
  }
  const { written } = encoder.encodeInto(text, scratch);
  return written === bytes.length && Buffer.compare(scratch.subarray(0, written), bytes) === 0 &&
    // Half of a pair is written as if it were another character.
    text.isWellFormed();
}

/**
 * How a message stands in the spool's files: length and checksum, then what is needed to judge it
 * later. A file that was being written when the process or machine died ends in a torn entry, which
 * the checksum tells from a whole one.
 *
 *   │ body bytes u32 │ crc32 of body u32 │ arrived ms f64 │ topic bytes u16 │ topic │ payload │
 */
import { crc32 } from "node:zlib";

/** A message as it is kept. */
export interface SpooledMessage {
  readonly topic: string;
  readonly payload: Uint8Array;
  /** When it came, ms since 1970. */
  readonly arrivedMs: number;
}

const HEAD_BYTES = 8;
const FIXED_BODY_BYTES = 10;

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** Bytes of one message, at most: a topic's characters are up to three bytes each. */
export function encodedSizeMax({ topic, payload }: SpooledMessage): number {
  return HEAD_BYTES + FIXED_BODY_BYTES + topic.length * 3 + payload.length;
}

/** The bytes of these messages, one after the other. */
export function encodeMessages(messages: readonly SpooledMessage[]): Uint8Array {
  let sizeMax = 0;
  for (const message of messages) sizeMax += encodedSizeMax(message);
  const bytes = new Uint8Array(sizeMax);
  const view = new DataView(bytes.buffer);
  let end = 0;
  for (const { topic, payload, arrivedMs } of messages) {
    const bodyStart = end + HEAD_BYTES;
    const topicStart = bodyStart + FIXED_BODY_BYTES;
    const { written } = encoder.encodeInto(topic, bytes.subarray(topicStart));
    const payloadStart = topicStart + written;
    const start = end;
    end = payloadStart + payload.length;
    bytes.set(payload, payloadStart);
    view.setFloat64(bodyStart, arrivedMs);
    view.setUint16(bodyStart + 8, written);
    view.setUint32(start, end - bodyStart);
    view.setUint32(start + 4, crc32(bytes.subarray(bodyStart, end)));
  }
  return bytes.subarray(0, end);
}

/** The whole messages at the beginning of a file; where it is torn, what follows is left out. */
export function decodeMessages(bytes: Uint8Array): SpooledMessage[] {
  const messages: SpooledMessage[] = [];
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  let start = 0;
  while (start + HEAD_BYTES + FIXED_BODY_BYTES <= bytes.length) {
    const bodyStart = start + HEAD_BYTES;
    const end = bodyStart + view.getUint32(start);
    if (end > bytes.length || end < bodyStart + FIXED_BODY_BYTES) break;
    if (view.getUint32(start + 4) !== crc32(bytes.subarray(bodyStart, end))) break;
    const topicStart = bodyStart + FIXED_BODY_BYTES;
    const payloadStart = topicStart + view.getUint16(bodyStart + 8);
    messages.push({
      topic: decoder.decode(bytes.subarray(topicStart, payloadStart)),
      payload: bytes.subarray(payloadStart, end),
      arrivedMs: view.getFloat64(bodyStart),
    });
    start = end;
  }
  return messages;
}

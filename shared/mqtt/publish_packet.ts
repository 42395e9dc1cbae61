/** The bytes of a PUBLISH packet of QoS 1, as MQTT 3.1.1 has it. */
import { Buffer } from "node:buffer";

const PUBLISH_QOS1 = 0x32;
const DUP = 0x08;
const RETAIN = 0x01;
/** Of the topic's length, and of the message id. */
const NUMBER_BYTES = 2;

export interface PublishPacket {
  readonly topic: string;
  readonly payload: Uint8Array;
  readonly messageId: number;
  readonly dup: boolean;
  readonly retain: boolean;
}

export function encodePublish({ topic, payload, messageId, dup, retain }: PublishPacket): Buffer {
  const topicBytes = Buffer.byteLength(topic);
  const bodyBytes = NUMBER_BYTES + topicBytes + NUMBER_BYTES + payload.length;
  const bytes = Buffer.allocUnsafe(1 + lengthBytes(bodyBytes) + bodyBytes);
  bytes[0] = PUBLISH_QOS1 | (dup ? DUP : 0) | (retain ? RETAIN : 0);
  let at = writeLength(bytes, bodyBytes);
  at = bytes.writeUInt16BE(topicBytes, at);
  at += bytes.write(topic, at);
  at = bytes.writeUInt16BE(messageId, at);
  bytes.set(payload, at);
  return bytes;
}

/** Bytes of a variable byte integer of MQTT. */
function lengthBytes(value: number): number {
  return value < 2 ** 7 ? 1 : value < 2 ** 14 ? 2 : value < 2 ** 21 ? 3 : 4;
}

/** Writes the remaining length behind the first byte; where it ends. */
function writeLength(bytes: Buffer, value: number): number {
  let at = 1;
  for (; value >= 128; value >>= 7) bytes[at++] = value & 127 | 128;
  bytes[at++] = value;
  return at;
}

/** PUBLISH packets of QoS 0 and 1, each in one piece: a library writes one in seven. */
import { Buffer } from "node:buffer";

const PUBLISH = 0x30;
const QOS_1 = 2;
const DUP = 8;
const RETAIN = 1;
/** Of the topic's length, and of the message id. */
const NUMBER_BYTES = 2;

export interface PublishPacket {
  readonly topic: string;
  /** As text its UTF-8 is sent. */
  readonly payload: Uint8Array | string;
  /** Of QoS 1; undefined of QoS 0. */
  readonly messageId: number | undefined;
  readonly dup: boolean;
  readonly retain: boolean;
  /** MQTT 5, whose packets have properties: none are sent. */
  readonly isV5?: boolean;
}

export function encodePublish(packet: PublishPacket): Buffer {
  const { topic, payload, messageId, dup, retain, isV5 = false } = packet;
  const topicBytes = Buffer.byteLength(topic);
  const payloadBytes = typeof payload === "string" ? Buffer.byteLength(payload) : payload.length;
  const bodyBytes = NUMBER_BYTES + topicBytes + (messageId === undefined ? 0 : NUMBER_BYTES) +
    (isV5 ? 1 : 0) + payloadBytes;
  const bytes = Buffer.allocUnsafe(1 + lengthBytes(bodyBytes) + bodyBytes);
  bytes[0] = PUBLISH | (messageId === undefined ? 0 : QOS_1) | (dup ? DUP : 0) |
    (retain ? RETAIN : 0);
  let at = writeLength(bytes, bodyBytes);
  at = writeNumber(bytes, topicBytes, at);
  at = writeText(bytes, topic, at, topicBytes);
  if (messageId !== undefined) at = writeNumber(bytes, messageId, at);
  if (isV5) bytes[at++] = 0;
  if (typeof payload === "string") writeText(bytes, payload, at, payloadBytes);
  else bytes.set(payload, at);
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

function writeNumber(bytes: Buffer, value: number, at: number): number {
  bytes[at] = value >> 8;
  bytes[at + 1] = value & 255;
  return at + NUMBER_BYTES;
}

/** Writes a text of so many bytes; where it ends. ASCII, which is usual, without leaving JavaScript. */
function writeText(bytes: Buffer, text: string, start: number, byteLength: number): number {
  if (byteLength !== text.length) return start + bytes.write(text, start);
  for (let index = 0; index < byteLength; index++) bytes[start + index] = text.charCodeAt(index);
  return start + byteLength;
}

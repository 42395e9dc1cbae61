/**
 * Takes PUBLISH packets of QoS 0 and 1 out of a connection's bytes before mqtt.js sees them; all
 * else passes through unchanged. mqtt.js spends a turn of the event loop on each message: without it a
 * bridge takes 1.5 times (QoS 1) to 1.8 times (QoS 0) the readings in the same CPU time.
 *
 *   socket ─▶ PublishStream ─▶ mqtt.js (CONNACK, SUBACK, PINGRESP, …)
 *                  └─▶ onPublish
 */
import { type Duplex, Transform, type TransformCallback } from "node:stream";
import { Buffer } from "node:buffer";
import { frameAt, type PacketFrame, variableInteger } from "../../shared/mqtt/packet_frame.ts";
import { pipeThrough } from "../../shared/mqtt/packet_sieve.ts";
import { TopicTexts } from "../../shared/mqtt/topic_texts.ts";

const PUBLISH = 3;
/** Of a variable byte integer. */
const LENGTH_BYTES_MAX = 4;
const ID_BYTES = 2;

/** A PUBLISH packet. */
export interface Publication {
  readonly topic: string;
  /** A slice of what was read from the socket: keep a copy. At most `payloadBytesMax` of it. */
  readonly payload: Uint8Array;
  /** Of QoS 1; undefined of QoS 0. */
  readonly messageId: number | undefined;
  readonly dup: boolean;
  readonly retain: boolean;
}

export interface PublishStreamParts {
  /** MQTT 5, whose packets have properties. */
  readonly isV5: boolean;
  /** What is longer is not kept but cut off here: a packet may have 256 MiB. */
  readonly payloadBytesMax: number;
  /** Takes a message; a promise pauses reading until it resolves. */
  readonly onPublish: (publication: Publication) => Promise<void> | undefined;
}

export class PublishStream extends Transform {
  readonly #parts: PublishStreamParts;
  readonly #topics = new TopicTexts();
  /** Bytes of a packet whose end has not come yet. */
  #pieces: Buffer[] = [];
  #pieceBytes = 0;
  /** As many bytes are needed before it is worth looking again. */
  #neededBytes = 0;
  /** Bytes to come that are cut off. */
  #cutBytes = 0;

  constructor(parts: PublishStreamParts) {
    super();
    this.#parts = parts;
  }

  override _transform(read: Buffer, _encoding: string, done: TransformCallback): void {
    const chunk = read.subarray(this.#cutBytes);
    this.#cutBytes -= read.length - chunk.length;
    if (chunk.length === 0) return done();
    this.#pieces.push(chunk);
    this.#pieceBytes += chunk.length;
    if (this.#pieceBytes < this.#neededBytes) return done();
    const bytes = this.#pieces.length === 1 ? chunk : Buffer.concat(this.#pieces);
    this.#take(bytes, 0, done);
  }

  /** Takes the packets from `start` on, as far as they have come. */
  #take(bytes: Buffer, start: number, done: TransformCallback): void {
    let passedFrom = start;
    const passOn = (end: number) => {
      if (end > passedFrom) this.push(bytes.subarray(passedFrom, end));
    };
    this.#neededBytes = 0;
    while (start < bytes.length) {
      const packet = frameAt(bytes, start);
      if (packet === undefined) break;
      if (packet === "malformed") {
        // mqtt.js ends the connection over it.
        start = bytes.length;
        break;
      }
      const needed = neededEnd(bytes, packet, this.#parts);
      const publication = needed > bytes.length
        ? undefined
        : publicationOf(bytes, packet, this.#parts, this.#topics);
      if (publication === undefined && packet.end > bytes.length) {
        this.#neededBytes = (needed > bytes.length ? needed : packet.end) - start;
        break;
      }
      const next = Math.min(packet.end, bytes.length);
      if (publication !== undefined) {
        passOn(start);
        passedFrom = next;
        this.#cutBytes = packet.end - next;
        const room = this.#parts.onPublish(publication);
        if (room !== undefined) {
          void room.then(() => this.#take(bytes, next, done));
          return;
        }
      }
      start = next;
    }
    passOn(start);
    const rest = bytes.subarray(start);
    this.#pieces = rest.length === 0 ? [] : [rest];
    this.#pieceBytes = rest.length;
    done();
  }
}

/**
 * Has the messages of a connection come to `parts.onPublish`, and the rest to mqtt.js.
 * @param stream of a connection from which nothing has been read yet.
 */
export function divertPublications(stream: Duplex, parts: PublishStreamParts): void {
  pipeThrough(stream, new PublishStream(parts));
}

type Format = Pick<PublishStreamParts, "isV5" | "payloadBytesMax">;

/** How far a packet has to have come: to its end, or to where its payload is cut off. */
function neededEnd(bytes: Buffer, packet: PacketFrame, { isV5, payloadBytesMax }: Format): number {
  const { start, body, end } = packet;
  if (end - body <= payloadBytesMax || !isOurs(bytes[start]!)) return end;
  const topicStart = body + 2;
  if (bytes.length < topicStart) return topicStart;
  const fieldsEnd = topicStart + bytes.readUInt16BE(body) + ID_BYTES +
    (isV5 ? LENGTH_BYTES_MAX : 0);
  if (bytes.length < fieldsEnd) return Math.min(fieldsEnd, end);
  return Math.min(fieldsOf(bytes, packet, isV5).payloadStart + payloadBytesMax, end);
}

/** Whether a packet that begins so is a PUBLISH of QoS 0 or 1. */
function isOurs(firstByte: number): boolean {
  return firstByte >> 4 === PUBLISH && (firstByte >> 1 & 3) <= 1;
}

/** What stands before the payload. It can reach beyond the end of a malformed packet. */
function fieldsOf(bytes: Buffer, { start, body }: PacketFrame, isV5: boolean) {
  const topicEnd = body + 2 + (bytes[body]! << 8 | bytes[body + 1]!);
  let payloadStart = topicEnd;
  let messageId: number | undefined;
  if ((bytes[start]! >> 1 & 3) === 1) {
    messageId = bytes[topicEnd]! << 8 | bytes[topicEnd + 1]!;
    payloadStart += ID_BYTES;
  }
  if (isV5) {
    const { value, length } = variableInteger(bytes, payloadStart);
    payloadStart += length + value;
  }
  return { topicEnd, messageId, payloadStart };
}

/** The packet as a message, or undefined where mqtt.js should judge it: QoS 2, alias, malformed. */
function publicationOf(
  bytes: Buffer,
  packet: PacketFrame,
  { isV5, payloadBytesMax }: Format,
  topics: TopicTexts,
): Publication | undefined {
  const { start, body, end } = packet;
  const flags = bytes[start]!;
  if (!isOurs(flags) || body + 2 > end) return undefined;
  const { topicEnd, messageId, payloadStart } = fieldsOf(bytes, packet, isV5);
  if (topicEnd === body + 2 || payloadStart > end || messageId === 0) return undefined;
  const payloadBytes = Math.min(end - payloadStart, payloadBytesMax);
  return {
    topic: topics.textOf(bytes, body + 2, topicEnd),
    payload: new Uint8Array(bytes.buffer, bytes.byteOffset + payloadStart, payloadBytes),
    messageId,
    dup: (flags & 8) !== 0,
    retain: (flags & 1) !== 0,
  };
}

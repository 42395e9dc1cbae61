/**
 * Reads the packets of which a busy broker gets ten thousands a second, PUBLISH of QoS 0 and 1 and
 * PUBACK of MQTT 3.1.1, in place of mqtt-packet, which takes several times as long for them. It gets
 * all else.
 */
import type { Buffer } from "node:buffer";
import type { PacketFrame } from "./packet_frame.ts";
import { packetSieve } from "./packet_sieve.ts";
import { TopicTexts } from "./topic_texts.ts";

const PUBLISH = 3;
const PUBACK_FIRST_BYTE = 0x40;
const ID_BYTES = 2;
/** Of the topic's length. */
const LENGTH_BYTES = 2;

/** What of mqtt-packet's parser is needed. */
export interface PacketParser {
  parse(bytes: Buffer): unknown;
  emit(event: "packet", packet: object): unknown;
  on(event: "packet", listener: (packet: { readonly cmd: string }) => void): unknown;
}

/** A PUBLISH as mqtt-packet has it. */
export interface FrequentPublish {
  readonly cmd: "publish";
  readonly retain: boolean;
  readonly qos: number;
  readonly dup: boolean;
  readonly length: number;
  readonly topic: string;
  /** Of QoS 1. */
  readonly messageId?: number;
  /** A slice of what was read. */
  readonly payload: Buffer;
}

/** A PUBACK as mqtt-packet has it. */
export interface FrequentPuback {
  readonly cmd: "puback";
  readonly retain: false;
  readonly qos: 0;
  readonly dup: false;
  readonly length: number;
  readonly messageId: number;
}

export type FrequentPacket = FrequentPublish | FrequentPuback;

/**
 * Has `parser.parse` read frequent packets itself. Before it has parsed anything.
 * @param take gets each, and is false where the parser is to emit it.
 */
export function readFrequentPackets(
  parser: PacketParser,
  take: (packet: FrequentPacket) => boolean,
): void {
  const topics = new TopicTexts();
  const parse = parser.parse.bind(parser);
  parser.parse = packetSieve({
    take(bytes, frame) {
      const packet = frequentPacket(bytes, frame, topics);
      if (packet === undefined) return false;
      if (!take(packet)) parser.emit("packet", packet);
      return true;
    },
    pass: parse,
  });
}

/** The packet as mqtt-packet has it, or undefined where it is for that to judge. */
function frequentPacket(
  bytes: Buffer,
  { start, body, end }: PacketFrame,
  topics: TopicTexts,
): FrequentPacket | undefined {
  const first = bytes[start]!;
  const length = end - body;
  if (first === PUBACK_FIRST_BYTE && length === ID_BYTES) {
    const messageId = numberAt(bytes, body);
    return { cmd: "puback", retain: false, qos: 0, dup: false, length, messageId };
  }
  const qos = first >> 1 & 3;
  if (first >> 4 !== PUBLISH || qos > 1 || length < LENGTH_BYTES) return undefined;
  const topicStart = body + LENGTH_BYTES;
  const topicEnd = topicStart + numberAt(bytes, body);
  const payloadStart = topicEnd + (qos === 1 ? ID_BYTES : 0);
  if (topicEnd === topicStart || payloadStart > end) return undefined;
  return {
    cmd: "publish",
    retain: (first & 1) !== 0,
    qos,
    dup: (first & 8) !== 0,
    length,
    topic: topics.textOf(bytes, topicStart, topicEnd),
    ...(qos === 1 && { messageId: numberAt(bytes, topicEnd) }),
    payload: bytes.subarray(payloadStart, end),
  };
}

function numberAt(bytes: Buffer, start: number): number {
  return bytes[start]! << 8 | bytes[start + 1]!;
}

/**
 * Publishes readings over MQTT 3.1.1 as fast as a broker takes them, written in large pieces. To encode
 * one takes some 4 µs, its part of what a machine has for all.
 */
import { setTimeout as delay } from "node:timers/promises";

/** Of QoS 1, on their way and not acknowledged, a connection. */
const IN_FLIGHT_MAX = 2000;
/** Messages of one write. */
const PIECE_MESSAGES = 100;
const PUBACK_BYTES = 4;

export interface StreamOptions {
  readonly port: number;
  readonly qos: 0 | 1;
  readonly readings: number;
  readonly households: number;
  readonly connections: number;
  /** Readings a second over all connections; as fast as it goes where undefined. */
  readonly perS?: number | undefined;
  /** The payload of a reading: the number of its household, and of the reading within it. */
  readonly payload: (household: number, index: number) => string;
}

const encoder = new TextEncoder();

/** Publishes everything, each household on one connection; resolves once the broker has it. */
export async function publishStream(options: StreamOptions): Promise<void> {
  const shares = Array.from({ length: options.connections }, (_, index) => index);
  await Promise.all(shares.map((share) => publishShare(options, share)));
}

async function publishShare(options: StreamOptions, share: number): Promise<void> {
  const { port, qos, connections, perS } = options;
  const connection = await Deno.connect({ hostname: "127.0.0.1", port });
  connection.setNoDelay();
  let acknowledged = 0;
  const reading = (async () => {
    const buffer = new Uint8Array(64 * 1024);
    for (let bytes = 0;;) {
      const count = await connection.read(buffer);
      if (count === null) return;
      bytes += count;
      acknowledged = Math.floor((bytes - PUBACK_BYTES) / PUBACK_BYTES); // the CONNACK is as long
    }
  })();
  await writeAll(connection, connectPacket(`bench-${share}`));
  const startMs = performance.now();
  let sent = 0;
  const perConnection = perS === undefined ? Infinity : perS / connections;
  const pieceMax = Math.max(1, Math.min(PIECE_MESSAGES, Math.floor(perConnection / 50)));
  for (const piece of pieces(options, share, pieceMax)) {
    await writeAll(connection, piece.bytes);
    sent += piece.count;
    while (qos === 1 && sent - acknowledged > IN_FLIGHT_MAX) await delay(0);
    const aheadMs = sent / perConnection * 1000 - (performance.now() - startMs);
    if (aheadMs > 1) await delay(aheadMs);
  }
  while (qos === 1 && acknowledged < sent) await delay(1);
  await writeAll(connection, new Uint8Array([0xe0, 0]));
  await reading;
  connection.close();
}

function* pieces(options: StreamOptions, share: number, pieceMax: number) {
  const { qos, readings, households, connections, payload } = options;
  let packets: Uint8Array[] = [];
  for (let number = share, id = 1; number < readings; number += connections) {
    const household = number % households;
    const topic = `energy/anna/flat-${household}/power`;
    const content = payload(household, Math.floor(number / households));
    packets.push(publishPacket(topic, content, qos, id));
    id = id % 65_535 + 1;
    if (packets.length < pieceMax) continue;
    yield { bytes: joined(packets), count: packets.length };
    packets = [];
  }
  if (packets.length > 0) yield { bytes: joined(packets), count: packets.length };
}

function connectPacket(clientId: string): Uint8Array {
  const id = encoder.encode(clientId);
  const head = [0, 4, ...encoder.encode("MQTT"), 4, 2, 0, 0, 0, id.length];
  return new Uint8Array([0x10, head.length + id.length, ...head, ...id]);
}

function publishPacket(topic: string, payload: string, qos: 0 | 1, id: number): Uint8Array {
  const topicBytes = encoder.encode(topic);
  const payloadBytes = encoder.encode(payload);
  const length = 2 + topicBytes.length + (qos === 1 ? 2 : 0) + payloadBytes.length;
  const head = [0x30 | qos << 1];
  for (let rest = length; rest > 0; rest = Math.floor(rest / 128)) {
    head.push(rest % 128 + (rest >= 128 ? 128 : 0));
  }
  const idBytes = qos === 1 ? [id >> 8, id & 255] : [];
  return joined([
    new Uint8Array([...head, topicBytes.length >> 8, topicBytes.length & 255]),
    topicBytes,
    new Uint8Array(idBytes),
    payloadBytes,
  ]);
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let end = 0;
  for (const part of parts) {
    bytes.set(part, end);
    end += part.length;
  }
  return bytes;
}

async function writeAll(connection: Deno.Conn, bytes: Uint8Array): Promise<void> {
  for (let written = 0; written < bytes.length;) {
    written += await connection.write(bytes.subarray(written));
  }
}

/** Where the packets of MQTT begin and end in the bytes of a connection. */
import type { Buffer } from "node:buffer";

const LENGTH_BYTES_MAX = 4;

/** Where a packet begins, where what follows its length, and where it ends. */
export interface PacketFrame {
  readonly start: number;
  readonly body: number;
  readonly end: number;
}

/**
 * The frame of the packet that begins at `start`; its end may lie beyond the bytes. Undefined while
 * its length has not come in full, `malformed` where it is one that MQTT does not have.
 */
export function frameAt(bytes: Buffer, start: number): PacketFrame | "malformed" | undefined {
  for (let index = start + 1; index <= start + LENGTH_BYTES_MAX; index++) {
    const byte = bytes[index];
    if (byte === undefined) return undefined;
    if (byte >= 128) continue;
    const body = index + 1;
    return { start, body, end: body + variableInteger(bytes, start + 1).value };
  }
  return "malformed";
}

/** A variable byte integer of MQTT and how long it is. */
export function variableInteger(bytes: Buffer, start: number): { value: number; length: number } {
  let value = 0;
  for (let length = 0; length < LENGTH_BYTES_MAX; length++) {
    const byte = bytes[start + length] ?? 0;
    value += (byte & 127) * 128 ** length;
    if (byte < 128) return { value, length: length + 1 };
  }
  return { value, length: LENGTH_BYTES_MAX };
}

/** PUBACK packets, as MQTT 3.1.1 and 5 have them. */

const PUBACK_BYTES = 4;

/** PUBACK packets (success) for these ids, in this order. */
export function encodePubacks(messageIds: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(messageIds.length * PUBACK_BYTES);
  const view = new DataView(bytes.buffer);
  for (const [index, messageId] of messageIds.entries()) {
    view.setUint16(index * PUBACK_BYTES, 0x4002);
    view.setUint16(index * PUBACK_BYTES + 2, messageId);
  }
  return bytes;
}

/**
 * Acknowledgements held back until the log has their messages. A PUBACK belongs to the connection
 * its message came by: on any other its id would be another message's, so it is never sent there,
 * and the broker delivers the message again.
 */

/** The part of a connection's stream that acknowledgements need. */
export interface AckStream {
  readonly destroyed: boolean;
  readonly writableEnded: boolean;
  write(bytes: Uint8Array): unknown;
}

/** The acknowledgement of one QoS 1 message that is still owed. */
export interface HeldAck {
  /** The stream of the connection that the message came by. */
  readonly stream: AckStream;
  readonly messageId: number;
}

const PUBACK_BYTES = 4;

/** PUBACK packets (success; MQTT 3.1.1 and 5 alike) for these ids, in this order. */
export function encodePubacks(messageIds: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(messageIds.length * PUBACK_BYTES);
  const view = new DataView(bytes.buffer);
  for (const [index, messageId] of messageIds.entries()) {
    view.setUint16(index * PUBACK_BYTES, 0x4002);
    view.setUint16(index * PUBACK_BYTES + 2, messageId);
  }
  return bytes;
}

/** Sends what is owed, in order, one write for each connection that is still there. */
export function sendHeldAcks(acks: readonly HeldAck[]): void {
  const idsByStream = new Map<AckStream, number[]>();
  for (const { stream, messageId } of acks) {
    const ids = idsByStream.get(stream);
    if (ids === undefined) idsByStream.set(stream, [messageId]);
    else ids.push(messageId);
  }
  for (const [stream, ids] of idsByStream) {
    if (!stream.destroyed && !stream.writableEnded) stream.write(encodePubacks(ids));
  }
}

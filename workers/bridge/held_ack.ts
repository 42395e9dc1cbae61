/**
 * Acknowledgements held back until the log has their messages. A PUBACK belongs to the connection
 * its message came by: on any other its id would be another message's, so it is never sent there,
 * and the broker delivers the message again.
 */
import { encodePubacks } from "../../shared/mqtt/puback_packets.ts";

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

/** Takes some packets out of the bytes of a connection, and passes on the others. */
import { Buffer } from "node:buffer";
import { type Duplex, Transform } from "node:stream";
import { frameAt, type PacketFrame } from "./packet_frame.ts";

/** Packets that are longer are passed on as they come. */
const HELD_BYTES_MAX = 64 * 1024;

export interface PacketSieveParts {
  /** Takes a packet that has come in full; false where it is to be passed on. */
  readonly take: (bytes: Buffer, frame: PacketFrame) => boolean;
  /** Gets what is passed on, in its place among the packets that are taken. */
  readonly pass: (bytes: Buffer) => void;
}

/** What takes in the bytes of a connection, as they are read. */
export function packetSieve({ take, pass }: PacketSieveParts): (read: Buffer) => void {
  /** The beginning of a packet. */
  let held: Buffer = Buffer.alloc(0);
  /** Bytes to come of a packet whose beginning was passed on. */
  let owedBytes = 0;
  return (read) => {
    const bytes = held.length === 0 ? read : Buffer.concat([held, read]);
    held = bytes.subarray(bytes.length);
    let start = Math.min(owedBytes, bytes.length);
    if (start > 0) pass(bytes.subarray(0, start));
    owedBytes -= start;
    while (start < bytes.length) {
      const frame = frameAt(bytes, start);
      // Who gets it says what is wrong.
      if (frame === "malformed") return pass(bytes.subarray(start));
      const isWhole = frame !== undefined && frame.end <= bytes.length;
      if (!isWhole && (frame === undefined || frame.end - start <= HELD_BYTES_MAX)) {
        held = bytes.subarray(start);
        return;
      }
      if (!isWhole || !take(bytes, frame)) pass(bytes.subarray(start, frame.end));
      owedBytes = Math.max(0, frame.end - bytes.length);
      start = frame.end;
    }
  };
}

/**
 * Has packets of a connection come to `take`, and the rest to whoever the stream is piped to.
 * @param stream of a connection from which nothing has been read yet.
 */
export function takePackets(stream: Duplex, take: PacketSieveParts["take"]): void {
  const others = new Transform({
    transform(read, _encoding, done) {
      sieve(read);
      done();
    },
  });
  const sieve = packetSieve({ take, pass: (bytes) => void others.push(bytes) });
  pipeThrough(stream, others);
}

/** Has what a stream is piped to from now on get what comes out of `transform`. */
export function pipeThrough(stream: Duplex, transform: Transform): void {
  const pipe = stream.pipe.bind(stream);
  stream.pipe = (destination, options) => {
    pipe(transform, options);
    return transform.pipe(destination, options);
  };
  stream.once("close", () => transform.destroy());
}

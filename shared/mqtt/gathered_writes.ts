/**
 * Gathers what is written to a connection in a turn of the event loop, and writes it as one. The MQTT
 * libraries write a packet in six or seven pieces, and each write costs a socket of Deno several times
 * what the bytes do.
 */
import { Buffer } from "node:buffer";
import type { Duplex } from "node:stream";

/** Bytes that a UTF-16 code unit takes at most. */
const UTF8_BYTES_MAX = 3;

/** Has the pieces that are written to this stream from now on go out together. */
export function gatherWrites(stream: Duplex): void {
  const write = stream.write.bind(stream);
  const end = stream.end.bind(stream);
  let pieces: (Uint8Array | string)[] = [];
  const flush = () => {
    if (pieces.length === 0) return;
    const gathered = pieces;
    pieces = [];
    if (!stream.destroyed) write(joined(gathered));
  };
  Object.assign(stream, {
    /** As of a stream: false where the next one should wait for `drain`. */
    write(piece: Uint8Array | string): boolean {
      if (pieces.length === 0) setImmediate(flush);
      pieces.push(piece);
      return !stream.writableNeedDrain;
    },
    end(...args: Parameters<Duplex["end"]>): Duplex {
      flush();
      return end(...args);
    },
    // mqtt-packet gathers the pieces of a packet by it, with a tick for each.
    cork: undefined,
  });
}

function joined(pieces: readonly (Uint8Array | string)[]): Buffer {
  let bytesMax = 0;
  for (const piece of pieces) {
    bytesMax += typeof piece === "string" ? piece.length * UTF8_BYTES_MAX : piece.length;
  }
  const bytes = Buffer.allocUnsafe(bytesMax);
  let end = 0;
  for (const piece of pieces) {
    if (typeof piece === "string") end += bytes.write(piece, end);
    else {
      bytes.set(piece, end);
      end += piece.length;
    }
  }
  return bytes.subarray(0, end);
}

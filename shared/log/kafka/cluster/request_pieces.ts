/** The bytes of a request as they go out: its head, and what the client has written of it. */
import type { Writer } from "@platformatic/kafka";
import { Buffer } from "node:buffer";

const CLIENT_ID = Buffer.from("wattstream");
/** Bytes of the head before the client's id. */
const ID_AT = 14;
/** Pieces below this are put together, since to write one costs more than to copy it. */
const LARGE_BYTES = 16 << 10;

/** What stands before the body of a request. */
export interface RequestHead {
  readonly key: number;
  readonly version: number;
  readonly correlationId: number;
  /** Whether the head ends with a list of tags, which is empty. */
  readonly hasTags: boolean;
}

/** The client writes a request in many small pieces and a few large ones, which are not copied. */
export function piecesOf(
  { key, version, correlationId, hasTags }: RequestHead,
  body: Writer,
): Uint8Array[] {
  const head = Buffer.alloc(ID_AT + CLIENT_ID.length + (hasTags ? 1 : 0));
  head.writeInt32BE(head.length - 4 + body.length, 0);
  head.writeInt16BE(key, 4);
  head.writeInt16BE(version, 6);
  head.writeInt32BE(correlationId, 8);
  head.writeInt16BE(CLIENT_ID.length, ID_AT - 2);
  head.set(CLIENT_ID, ID_AT);
  return gathered([head, ...body.buffers]);
}

/** Small neighbours as one. */
function gathered(pieces: readonly Uint8Array[]): Uint8Array[] {
  const joined: Uint8Array[] = [];
  let small: Uint8Array[] = [];
  const join = () => {
    if (small.length > 0) joined.push(Buffer.concat(small));
    small = [];
  };
  for (const piece of pieces) {
    if (piece.length < LARGE_BYTES) small.push(piece);
    else {
      join();
      joined.push(piece);
    }
  }
  join();
  return joined;
}

/** The bytes of a recording's file, unpacked, and as which text they are to be read. */
import { Buffer } from "node:buffer";
import { createReadStream } from "node:fs";
import { type Readable, Transform } from "node:stream";
import { createGunzip, createZstdDecompress } from "node:zlib";
import { messageOf, WattstreamError } from "../../../shared/errors.ts";

const HEAD_LENGTH_MAX = 64 * 1024;

/** How packed files begin. */
const PACKED: readonly (readonly [name: string, begin: readonly number[]])[] = [
  ["gzip", [0x1f, 0x8b]],
  ["zstd", [0x28, 0xb5, 0x2f, 0xfd]],
  ["bzip2", [0x42, 0x5a, 0x68]],
  ["xz", [0xfd, 0x37, 0x7a, 0x58, 0x5a]],
  ["zip", [0x50, 0x4b, 0x03, 0x04]],
];

/**
 * The bytes of a file, unpacked where they are gzip or zstd. `onError` hears of the file's own errors.
 * @throws WattstreamError `config` where it is packed otherwise.
 */
export function openBytes(path: string, onError: (error: Error) => void): Readable {
  const packing = packingOf(path);
  if (packing !== undefined && packing !== "gzip" && packing !== "zstd") {
    throw new WattstreamError("config", `${path}: expected gzip or zstd, unpack this ${packing}`);
  }
  const file = createReadStream(path).on("error", onError);
  if (packing === undefined) return file;
  const unpacked = packing === "gzip" ? createGunzip() : createZstdDecompress();
  unpacked.on("error", onError).on("close", () => file.destroy());
  file.pipe(unpacked);
  return unpacked;
}

/** Undefined for what is not packed, or cannot be read: then whoever reads it on is told. */
function packingOf(path: string): string | undefined {
  const bytes = new Uint8Array(8);
  try {
    using file = Deno.openSync(path);
    file.readSync(bytes);
  } catch {
    return undefined;
  }
  return PACKED.find(([, begin]) => begin.every((byte, index) => bytes[index] === byte))?.[0];
}

/** How a file begins, as text, and in which encoding. */
export interface Head {
  readonly text: string;
  readonly encoding: string;
}

/** @throws WattstreamError `config` where it cannot be read. */
export async function headOf(path: string): Promise<Head> {
  const source = openBytes(path, (error) => source.destroy(error));
  const chunks: Uint8Array[] = [];
  let length = 0;
  try {
    for await (const bytes of source as AsyncIterable<Uint8Array>) {
      chunks.push(bytes);
      length += bytes.length;
      if (length >= HEAD_LENGTH_MAX) break;
    }
  } catch (error) {
    throw explain(error, path);
  } finally {
    source.destroy();
  }
  const head = new Uint8Array(Buffer.concat(chunks));
  const encoding = encodingOf(head);
  return { encoding, text: new TextDecoder(encoding).decode(head, { stream: true }) };
}

/** By its first bytes; what is no UTF-8 is taken as what Windows writes in the West. */
function encodingOf(head: Uint8Array): string {
  if (head[0] === 0xff && head[1] === 0xfe) return "utf-16le";
  if (head[0] === 0xfe && head[1] === 0xff) return "utf-16be";
  try {
    new TextDecoder("utf-8", { fatal: true }).decode(head, { stream: true });
    return "utf-8";
  } catch {
    return "windows-1252";
  }
}

/** The text of a file as UTF-8. */
export function openText(
  path: string,
  encoding: string,
  onError: (error: Error) => void,
): Readable {
  const bytes = openBytes(path, onError);
  if (encoding === "utf-8") return bytes;
  const decoder = new TextDecoder(encoding);
  const text = new Transform({
    transform: (chunk, _encoding, done) => done(null, decoder.decode(chunk, { stream: true })),
    flush: (done) => done(null, decoder.decode()),
  });
  text.on("error", onError).on("close", () => bytes.destroy());
  return bytes.pipe(text);
}

/** What an error of the file, of unpacking or of the parser means. */
export function explain(error: unknown, path: string): unknown {
  if (error instanceof WattstreamError) return error;
  const { code, lines } = error as { readonly code?: unknown; readonly lines?: unknown };
  const at = typeof lines === "number" ? `, line ${lines}` : "";
  if (typeof code !== "string") return error;
  return new WattstreamError("config", `${path}${at}: ${messageOf(error)}`, { cause: error });
}

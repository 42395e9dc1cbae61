/** Names of files and folders for names of users and households, which can be anything. */
import { createHash } from "node:crypto";

/** File systems take 255 bytes; `.parquet.part` follows. */
const LENGTH_MAX = 200;
/** Letters of the hash that tells cut names apart. */
const HASH_LENGTH = 16;

/** The same name for the same text, and another one for another. */
export function fileName(text: string): string {
  // Readers of folders pass over what begins with a dot or an underscore.
  const safe = encodeURIComponent(text.toWellFormed()).replace(
    /^[._]|[*'()!~]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase().padStart(2, "0")}`,
  );
  if (safe.length <= LENGTH_MAX) return safe;
  const hash = createHash("sha256").update(text).digest("hex").slice(0, HASH_LENGTH);
  return `${safe.slice(0, LENGTH_MAX - HASH_LENGTH - 1)}~${hash}`;
}

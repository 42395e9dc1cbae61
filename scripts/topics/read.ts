/** `deno task topics read`: the committed records of a topic, for people or as JSON lines. */
import type { Log, LogRecord } from "../../shared/log/log.ts";
import { printableLine } from "../../shared/service/terminal.ts";
import type { ReadConfig } from "./config.ts";
import type { Explain } from "./named_devices.ts";

/** Lines are written in pieces of about this size while more is at hand. */
const PIECE_CHARACTERS = 64 * 1024;

type ReadOptions = Pick<ReadConfig, "fromBeginning" | "follow" | "limit" | "key" | "json">;

/**
 * Writes the records of a topic as lines, until there are no more, `limit` is reached, or `signal`
 * aborts. All partitions are read for a key too, since a record may stand in a wrong one.
 */
export async function readTopic(
  log: Pick<Log, "read">,
  topic: string,
  options: ReadOptions,
  parts: {
    readonly write: (text: string) => Promise<void>;
    readonly signal: AbortSignal;
    /** Beside the value, for people. */
    readonly explain?: Explain | undefined;
  },
): Promise<void> {
  const { fromBeginning, limit = Infinity, key, json } = options;
  const follow = options.follow || !fromBeginning;
  const wantedKey = key === undefined ? undefined : new TextEncoder().encode(key);
  const { write, signal, explain } = parts;
  let piece = "";
  let count = 0;
  for await (
    const record of log.read({ topic, from: fromBeginning ? "start" : "end", follow, signal })
  ) {
    if (wantedKey !== undefined && !hasKey(record, wantedKey)) continue;
    piece += `${json ? jsonLine(record) : textLine(record, explain)}\n`;
    count++;
    if (follow || piece.length >= PIECE_CHARACTERS) {
      await write(piece);
      piece = "";
    }
    if (count >= limit) break;
  }
  if (piece !== "") await write(piece);
}

/** `{"topic","partition","offset","append_ms","key","value"}`; bytes that are not UTF-8 show as �. */
export function jsonLine({ topic, partition, offset, appendMs, key, value }: LogRecord): string {
  const append_ms = appendMs;
  return JSON.stringify({
    topic,
    partition,
    offset,
    append_ms,
    key: textOrNull(key),
    value: textOrNull(value),
  });
}

function textLine(record: LogRecord, explain: Explain | undefined): string {
  const { topic, partition, offset, appendMs, key, value, headers } = record;
  const explanation = explain?.(value);
  const header = Object.entries(headers).map(([name, content]) => `${name}: ${content}`);
  // One record a line, whatever is in it.
  return [
    new Date(appendMs).toISOString(),
    `${topic}/${partition}@${offset}`,
    textOrNull(key) ?? "(no key)",
    textOrNull(value) ?? "(no value)",
    ...(header.length > 0 ? [`[${header.join(", ")}]`] : []),
    ...(explanation === undefined ? [] : [`[${explanation}]`]),
  ].map(printableLine).join("  ");
}

const decoder = new TextDecoder();

function textOrNull(bytes: Uint8Array | null): string | null {
  return bytes === null ? null : decoder.decode(bytes);
}

function hasKey({ key }: LogRecord, wanted: Uint8Array): boolean {
  return key !== null && key.length === wanted.length &&
    key.every((byte, index) => byte === wanted[index]);
}

/** Where the log is that a command looks into: its flags, and the log opened for as long as it is used. */
import { statSync } from "node:fs";
import type { z } from "zod";
import { WattstreamError } from "../shared/errors.ts";
import type { Log } from "../shared/log/log.ts";
import { COMMAND_PATIENCE_MS, logFlags, type LogOptions, openLog } from "../shared/log/open.ts";
import { flag, withRule } from "../shared/service/config.ts";

const { log, ...kafkaFlags } = logFlags;

/** Flags that say where the log is. Spread into a schema, and give that to {@link onePlace}. */
export const placeFlags = {
  log: log.optional().describe(log.description!),
  data: flag.text().optional().describe("Folder of deno task dev, in place of --log"),
};

/** What else opening the log takes. Spread into the schema behind the command's own flags. */
export const otherLogFlags = kafkaFlags;

/** What every command's help says of it. */
export const PLACE_NOTE =
  "The log is --log URL, or WATTSTREAM_LOG, or --data DIR of deno task dev.";

/** What says where the log is. */
export interface LogPlace extends LogOptions {
  readonly log?: string | undefined;
  readonly data?: string | undefined;
}

/** Adds the rule that one of the two says where. */
export function onePlace<S extends typeof placeFlags & Record<string, z.ZodType>>(
  schema: z.ZodObject<S, z.core.$strict>,
): z.ZodObject<S, z.core.$strict> {
  return withRule(schema, ["log", "data"], (place) => {
    const { log, data } = place as LogPlace;
    if ((log === undefined) !== (data === undefined)) return undefined;
    return log === undefined
      ? "expected --log URL, or --data with the folder of deno task dev"
      : "expected --log or --data, got both";
  });
}

/** Opens the log for `use`, and closes it. It is created where it is not there. */
export async function withLog(place: LogPlace, use: (log: Log) => Promise<void>): Promise<void> {
  const log = await openLog(urlOf(place), { ...place, patienceMs: COMMAND_PATIENCE_MS });
  try {
    await use(log);
  } finally {
    await log.close();
  }
}

/**
 * The same with a log that must be there: a look into one does not create it.
 * @throws WattstreamError `config` where the URL names a file that is not there.
 */
export async function withExistingLog(
  place: LogPlace,
  use: (log: Log) => Promise<void>,
): Promise<void> {
  const url = urlOf(place);
  const path = url.startsWith("sqlite:") ? url.slice("sqlite:".length) : undefined;
  if (path !== undefined) requireFile(path);
  await withLog(place, use);
}

/** Whether the log is one on SQLite. */
export function isFile(place: LogPlace): boolean {
  return urlOf(place).startsWith("sqlite:");
}

/**
 * The file of a log that is one.
 * @throws WattstreamError `config` where the log is on Kafka, or no file is there.
 */
export function existingFileOf(place: LogPlace): string {
  const url = urlOf(place);
  if (!url.startsWith("sqlite:")) {
    throw new WattstreamError("config", "Name a log on SQLite: brokers check theirs themselves");
  }
  const path = url.slice("sqlite:".length);
  requireFile(path);
  return path;
}

function requireFile(path: string): void {
  if (statSync(path, { throwIfNoEntry: false })?.isFile()) return;
  throw new WattstreamError("config", `Name a log that is there: ${path} is no file`);
}

function urlOf({ log, data }: LogPlace): string {
  return log ?? `sqlite:${data}/log.db`;
}

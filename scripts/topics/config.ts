/** The flags of `deno task topics`: one schema a command. */
import { statSync } from "node:fs";
import { z } from "zod";
import { WattstreamError } from "../../shared/errors.ts";
import { logFlags } from "../../shared/log/open.ts";
import { flag, withRule } from "../../shared/service/config.ts";
import { DEFAULT_PARTITION_COUNT } from "../../shared/topics.ts";

const { log, ...otherLogFlags } = logFlags;
export { otherLogFlags };

/** Where the log is. */
export const placeFlags = {
  log: log.optional().describe(log.description!),
  data: flag.text().optional().describe("Folder of deno task dev, in place of --log"),
};

export const createConfig = onePlace(z.strictObject({
  ...placeFlags,
  partitions: flag.integer(1, 10_000).prefault(String(DEFAULT_PARTITION_COUNT)).describe(
    "Partitions of each topic, and so the most workers of a kind that can share the work",
  ),
  ...otherLogFlags,
}));

export const listConfig = onePlace(z.strictObject({
  ...placeFlags,
  json: flag.boolean().describe("Print one JSON object a topic, each on its line"),
  ...otherLogFlags,
}));

export const readConfig = onePlace(z.strictObject({
  ...placeFlags,
  fromBeginning: flag.boolean().describe(
    "Begin with the oldest record, and end after the newest; without it wait for new records",
  ),
  follow: flag.boolean().describe("With --from-beginning: go on with new records"),
  limit: flag.integer(1).optional().describe("Stop after so many records"),
  key: flag.text().optional().describe("Only records with this key, for example a client_id"),
  json: flag.boolean().describe(
    "Print one record a line: topic, partition, offset, append_ms, key and value, as JSON",
  ),
  ...otherLogFlags,
}));

export type ReadConfig = z.output<typeof readConfig>;

/** What says where the log is. */
export interface LogPlace {
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

/** URL of the log in the folder of `deno task dev`. */
export function logUrlOf({ log, data }: LogPlace): string {
  return log ?? `sqlite:${data}/log.db`;
}

/**
 * Keeps a look into a log from creating it.
 * @throws WattstreamError `config` where the URL names a file that is not there.
 */
export function requireLog(url: string): void {
  if (!url.startsWith("sqlite:")) return;
  const path = url.slice("sqlite:".length);
  if (statSync(path, { throwIfNoEntry: false })?.isFile()) return;
  throw new WattstreamError("config", `Name a log that is there: ${path} is no file`);
}

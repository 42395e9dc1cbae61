/** The flags of `deno task topics`: one schema a command. */
import { z } from "zod";
import { flag } from "../../shared/service/config.ts";
import { DEFAULT_PARTITION_COUNT } from "../../shared/topics.ts";
import { streamFlags } from "../../shared/stream/stream_flags.ts";
import { predictionsConfig } from "../../workers/predictions/config.ts";
import { trainingConfig } from "../../workers/training/config.ts";
import { onePlace, otherLogFlags, placeFlags } from "../log_place.ts";
import { retentionFlags } from "../retention.ts";

export const createConfig = onePlace(z.strictObject({
  ...placeFlags,
  partitions: flag.integer(1, 10_000).prefault(String(DEFAULT_PARTITION_COUNT)).describe(
    "Partitions of each topic, and so the most workers of a kind that can share the work",
  ),
  ...retentionFlags,
  ...otherLogFlags,
}));

/** What closing takes of the workers' settings. */
const { windowS, slideS, minReadings } = predictionsConfig.shape;
const { gapS, minDurationS, maxSessionS } = trainingConfig.shape;
const { latenessS, idleTimeoutS, maxAheadS, lostRecords } = streamFlags;

export const growConfig = onePlace(z.strictObject({
  ...placeFlags,
  partitions: flag.integer(1, 10_000).describe("Partitions that each topic is to have"),
  ...{ windowS, slideS, minReadings, gapS, minDurationS, maxSessionS },
  ...{ latenessS, idleTimeoutS, maxAheadS, lostRecords },
  ...otherLogFlags,
}));

export type GrowConfig = z.output<typeof growConfig>;

export const listConfig = onePlace(z.strictObject({
  ...placeFlags,
  json: flag.boolean().describe("Print one JSON object a topic, each on its line"),
  ...otherLogFlags,
}));

export const checkConfig = onePlace(z.strictObject({ ...placeFlags, ...otherLogFlags }));

export const salvageConfig = z.strictObject({});

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

/** How long topics keep their records, as flags of the commands that create them. */
import type { z } from "zod";
import { flag } from "../shared/service/config.ts";
import type { TopicRetention } from "../shared/topics.ts";

/** Spread into a schema; {@link retentionOf} makes of it what topics are created with. */
export const retentionFlags = {
  retentionMs: flag.milliseconds().prefault("7d").describe(
    "How long readings, device states, windows and dead letters are kept; 0 for ever",
  ),
  retentionBytes: flag.integer(0).prefault("0").describe(
    "Bytes that each of these topics keeps at most; 0 without bound",
  ),
  retentionDatasetsMs: flag.milliseconds().prefault("0").describe(
    "How long datasets are kept; 0 for ever",
  ),
};

/** A bound of 0 is none. */
export function retentionOf(
  { retentionMs, retentionBytes, retentionDatasetsMs }: z.output<
    z.ZodObject<typeof retentionFlags>
  >,
): TopicRetention {
  return {
    retentionMs: retentionMs || undefined,
    retentionBytes: retentionBytes || undefined,
    retentionDatasetsMs: retentionDatasetsMs || undefined,
  };
}

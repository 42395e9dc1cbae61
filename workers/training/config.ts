/** Flags of the training worker. */
import { z } from "zod";
import { logFlags, taskFlags } from "../../shared/log/open.ts";
import { flag, withRule } from "../../shared/service/config.ts";
import { workerFlags } from "../../shared/service/program.ts";
import { streamFlags } from "../../shared/stream/stream_flags.ts";
import { traceFlags } from "../../shared/tracing/open.ts";

const schema = z.strictObject({
  ...logFlags,
  ...taskFlags,
  gapS: flag.seconds().prefault("5s").describe(
    "A larger difference between neighbouring fused seconds ends a session",
  ),
  minDurationS: flag.seconds().prefault("30s").describe(
    "A session is emitted if its last second minus its first exceeds this",
  ),
  maxSessionS: flag.seconds().prefault("600s").describe(
    "A second this far from its session's first begins a new one",
  ),
  ...streamFlags,
  ...traceFlags,
  ...workerFlags,
});

/** A session spans less than `max-session`; none could be emitted that must span more. */
export const trainingConfig = withRule(
  schema,
  ["minDurationS", "maxSessionS"],
  ({ minDurationS, maxSessionS }) =>
    maxSessionS > minDurationS + 1
      ? undefined
      : `expected --max-session over --min-duration (${minDurationS}s) + 1s, got ${maxSessionS}s`,
);

export type TrainingConfig = z.output<typeof trainingConfig>;

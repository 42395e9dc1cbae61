/** Flags of the predictions worker. */
import { z } from "zod";
import { logFlags, taskFlags } from "../../shared/log/open.ts";
import { flag, withRule } from "../../shared/service/config.ts";
import { workerFlags } from "../../shared/service/program.ts";
import { streamFlags } from "../../shared/stream/stream_flags.ts";
import { traceFlags } from "../../shared/tracing/open.ts";

const schema = z.strictObject({
  ...logFlags,
  ...taskFlags,
  windowS: flag.seconds().prefault("15s").describe("Length of a window, in event time"),
  slideS: flag.seconds().prefault("1s").describe("From one window's start to the next one's"),
  minReadings: flag.integer(1).prefault("1").describe(
    "Windows with fewer readings are not emitted",
  ),
  ...streamFlags,
  ...traceFlags,
  ...workerFlags,
});

/** A larger slide would leave readings between the windows. */
export const predictionsConfig = withRule(
  schema,
  ["windowS", "slideS"],
  ({ windowS, slideS }) =>
    slideS >= 1 && slideS <= windowS
      ? undefined
      : `expected --slide from 1s to --window (${windowS}s), got ${slideS}s`,
);

export type PredictionsConfig = z.output<typeof predictionsConfig>;

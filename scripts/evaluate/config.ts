/** The flags of `deno task evaluate`. */
import { z } from "zod";
import { flag } from "../../shared/service/config.ts";
import { simulatorConfig } from "../../workers/simulator/config.ts";

const { timeColumn, powerColumn, deviceColumns, onThreshold } = simulatorConfig.shape;

export const evaluateConfig = z.strictObject({
  labelsS: flag.seconds().prefault("60min").describe(
    "How much is labelled, in the recording's own time",
  ),
  labelsFrom: flag.choice(["random", "events"]).default("random").describe(
    "Which stretches are labelled: any, or those in which something switches",
  ),
  seeds: flag.integer(1, 100).prefault("1").describe(
    "How many choices of labels; figures are means over them",
  ),
  testFromS: flag.seconds().optional().describe(
    "Where the test begins, after the recording's first sample; labels are from before. Without it half way",
  ),
  json: flag.text().optional().describe("File for the figures, as JSON"),
  ...{ timeColumn, powerColumn, deviceColumns, onThreshold },
});

export type EvaluateConfig = z.output<typeof evaluateConfig>;

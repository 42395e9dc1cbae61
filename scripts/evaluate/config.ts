/** The flags of `deno task evaluate`. */
import { z } from "zod";
import { flag } from "../../shared/service/config.ts";
import { quoted } from "../../shared/service/secrets.ts";
import { simulatorConfig } from "../../workers/simulator/config.ts";

const { timeColumn, powerColumn, deviceColumns, onThreshold } = simulatorConfig.shape;

/** Of more the Bayes limit takes too long. */
const SIMULATED_MAX = 12;

const deviceCounts = () =>
  z.string().transform((text, context) => {
    const counts = text.split(",").map((part) => part.trim() === "" ? NaN : Number(part));
    if (counts.every((count) => Number.isInteger(count) && count >= 1 && count <= SIMULATED_MAX)) {
      return counts;
    }
    context.addIssue({
      code: "custom",
      message: `expected numbers of devices from 1 to ${SIMULATED_MAX}, got ${quoted(text)}`,
    });
    return z.NEVER;
  });

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
  simulate: deviceCounts().optional().describe(
    "Instead of recordings simulated homes of so many devices, such as 8,10,12, one for each seed",
  ),
  json: flag.text().optional().describe("File for the figures, as JSON"),
  html: flag.text().optional().describe(
    "File for the figures and what was found over time, as a page that needs nothing else",
  ),
  ...{ timeColumn, powerColumn, deviceColumns, onThreshold },
});

export type EvaluateConfig = z.output<typeof evaluateConfig>;

/** The flags of `deno task experiment --plan`. */
import { z } from "zod";
import { flag } from "../../../shared/service/config.ts";
import { quoted } from "../../../shared/service/secrets.ts";

const HOUSEHOLDS_MAX = 1e9;

const counts = () =>
  z.string().transform((text, context) => {
    const values = text.split(",").map((part) => part.trim() === "" ? NaN : Number(part));
    if (values.every((value) => Number.isInteger(value) && value >= 1 && value <= HOUSEHOLDS_MAX)) {
      return values;
    }
    context.addIssue({
      code: "custom",
      message: `expected whole numbers such as 1000,1e6, got ${quoted(text)}`,
    });
    return z.NEVER;
  });

export const planConfig = z.strictObject({
  plan: flag.boolean().describe("Says what each size takes, and runs nothing"),
  households: counts().prefault("1e3,1e5,1e7").describe("Sizes, separated by commas"),
  intervalMs: flag.milliseconds().prefault("1s").describe(
    "Time between two readings of a household, up to the window's 15s; 2075ms as simulated ones have it",
  ),
  noDisaggregation: flag.boolean().describe(
    "Leave out the worker that learns the households' devices and tells which are on",
  ),
  into: flag.text().optional().describe(
    "Markdown file that takes the plan, in place of what stands between its lines " +
      "<!-- plan --> and <!-- end of plan -->",
  ),
  bench: flag.text().describe(
    "File of deno task bench --json; several, separated by commas, are laid over each other",
  ),
}).refine(({ intervalMs }) => intervalMs >= 1000 && intervalMs <= 15_000, {
  path: ["intervalMs"],
  error: "expected from 1s to 15s: a household that is heard of less often has empty windows",
});

export type PlanConfig = z.output<typeof planConfig>;

/**
 * What an export is going to do, kept in its folder (`_export.json`): an export that was stopped goes
 * on by it, and comes out as if it had never been. It is replaced as a whole, so it is never half.
 */
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { messageOf, WattstreamError } from "../../shared/errors.ts";
import { TABLE_NAMES } from "../../shared/tables/tables.ts";

const planSchema = z.object({
  version: z.literal(2),
  /** What was asked for, word for word. */
  request: z.string(),
  choice: z.object({
    topic: z.enum(TABLE_NAMES),
    households: z.array(z.string()).optional(),
    sinceS: z.int(),
    untilS: z.int(),
  }),
  /** Where each partition began and ended when the export did. */
  starts: z.array(z.int()),
  ends: z.array(z.int()),
  households: z.array(z.object({
    username: z.string(),
    client_id: z.string(),
    /** Between the parts of a split, in event time. */
    cuts: z.array(z.int()),
    /** Names of its devices, by how many there are. */
    devices: z.record(z.string(), z.array(z.string())),
  })),
  /** Partitions that are written together. */
  steps: z.array(z.array(z.int())),
  /** Partitions whose files are whole. */
  done: z.array(z.int()),
  files: z.array(z.string()),
  rows: z.int(),
  /** Rows that a cut went through. */
  cut: z.int(),
  isFinished: z.boolean(),
});

export type Plan = z.output<typeof planSchema>;

const PLAN_NAME = "_export.json";

/**
 * The plan of the export that was stopped in this folder; undefined where the folder is new.
 * @throws WattstreamError `config` where something else is in it.
 */
export function readPlan(folder: string, request: string): Plan | undefined {
  const path = join(folder, PLAN_NAME);
  if (!existsSync(path)) {
    if (!existsSync(folder) || readdirSync(folder).length === 0) return undefined;
    throw new WattstreamError("config", `Choose a new folder for --out: ${folder} has other files`);
  }
  const parsed = planSchema.safeParse(jsonOrUndefined(readFileSync(path, "utf8")));
  if (!parsed.success) {
    throw new WattstreamError("config", `Choose a new folder for --out: ${path} is not a plan`);
  }
  const plan = parsed.data;
  if (plan.request === request && !plan.isFinished) return plan;
  const what = plan.isFinished
    ? "a finished export"
    : `an export with other flags, ${plan.request}`;
  throw new WattstreamError("config", `Choose a new folder for --out: ${folder} has ${what}`);
}

function jsonOrUndefined(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

export function writePlan(folder: string, plan: Plan): void {
  try {
    mkdirSync(folder, { recursive: true });
  } catch (cause) {
    throw new WattstreamError("config", `Choose another --out: ${messageOf(cause)}`, { cause });
  }
  const path = join(folder, PLAN_NAME);
  writeFileSync(`${path}.part`, JSON.stringify(plan));
  renameSync(`${path}.part`, path);
}

/** A page of the documentation that holds a plan, written anew from other figures. */
import { readFile, writeFile } from "node:fs/promises";
import { messageOf, WattstreamError } from "../../../shared/errors.ts";
import { basisLines, type Plan } from "./plan.ts";

const PLAN = /^<!-- plan -->\n[^]*?^<!-- end of plan -->$/m;

/** @throws WattstreamError `config` where there is no such file, or no place for a plan in it. */
export async function writePlanInto(path: string, plan: Plan): Promise<void> {
  try {
    await writeFile(path, withPlan(await readFile(path, "utf8"), plan));
  } catch (cause) {
    throw new WattstreamError("config", `--into ${path}: ${messageOf(cause)}`, { cause });
  }
}

/** The page with this plan in place of the one that it has. @throws WattstreamError `config` without one. */
export function withPlan(page: string, plan: Plan): string {
  if (!PLAN.test(page)) {
    throw new WattstreamError("config", "expected lines <!-- plan --> and <!-- end of plan -->");
  }
  const lines = ["<!-- plan -->", "```", plan.table, "```", "", ...basisLines(plan)];
  return page.replace(PLAN, () => [...lines, "<!-- end of plan -->"].join("\n"));
}

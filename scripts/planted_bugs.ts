/**
 * Whether the law tests can fail: plants one bug at a time into a copy of the repository and expects
 * the tests of the law to catch it. Run it after a change to the runtime, the cores or the law.
 */
import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseOrExplain } from "../shared/service/program.ts";
import { print } from "../shared/service/terminal.ts";
import type { Bug } from "./planted_bugs/bug.ts";
import { BUGS } from "./planted_bugs/bugs.ts";
import { plantedBugsConfig } from "./planted_bugs/config.ts";

const root = new URL("..", import.meta.url).pathname;
const PARTS = ["deno.json", "deno.lock", "shared", "workers", "tests"];

async function isCaught(bug: Bug, folder: string, logs: number): Promise<boolean> {
  const path = join(folder, bug.file);
  const source = await readFile(path, "utf8");
  if (source.split(bug.code).length !== 2) {
    throw new Error(`${bug.file}: the code to change does not stand there once: ${bug.code}`);
  }
  await writeFile(path, source.replace(bug.code, () => bug.planted));
  const { success } = await new Deno.Command(Deno.execPath(), {
    args: [
      ...["test", "-A", "--no-check", "--fail-fast"],
      bug.law ?? "tests/simulation/law_test.ts",
    ],
    cwd: folder,
    env: {
      WATTSTREAM_LAW_LOGS: String(logs),
      WATTSTREAM_LAW_SEED: "7",
      WATTSTREAM_LAW_ENDS_ON_FAILURE: "1",
    },
    stdout: "null",
    stderr: "null",
  }).output();
  await writeFile(path, source);
  return !success;
}

async function main(): Promise<number> {
  const parsed = parseOrExplain({
    name: "planted-bugs",
    summary: "plants bugs, one at a time, and expects the tests of the law to catch each",
    config: plantedBugsConfig,
    takesNoVariables: true,
  }, { args: Deno.args, env: () => undefined });
  if (typeof parsed === "number") return parsed;
  let missed = 0;
  const folder = await mkdtemp(join(tmpdir(), "wattstream-bugs-"));
  try {
    for (const part of PARTS) await cp(join(root, part), join(folder, part), { recursive: true });
    for (const bug of BUGS) {
      const caught = await isCaught(bug, folder, parsed.config.logs);
      if (!caught) missed++;
      print(`${caught ? "caught" : "MISSED"}  ${bug.title}`);
    }
  } finally {
    await rm(folder, { recursive: true });
  }
  print(`${BUGS.length - missed} caught, ${missed} missed`);
  return missed === 0 ? 0 : 1;
}

if (import.meta.main) Deno.exit(await main());

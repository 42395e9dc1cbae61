/** `deno task experiment`: the evaluation of the thesis on this machine, and its report. */
import { hasCode } from "../shared/errors.ts";
import { parseOrExplain } from "../shared/service/program.ts";
import { print, printError } from "../shared/service/terminal.ts";
import { StopSignals } from "./dev/stop_signals.ts";
import { openView } from "./dev/view.ts";
import { experimentConfig } from "./experiment/config.ts";
import { RunFiles } from "./experiment/cut_run.ts";
import { planConfig } from "./experiment/plan/config.ts";
import { planFor, planText } from "./experiment/plan/plan.ts";
import { writePlanInto } from "./experiment/plan/plan_page.ts";
import { runExperiment } from "./experiment/run.ts";

async function main(): Promise<number> {
  return Deno.args.includes("--plan") ? await plan() : await run();
}

async function plan(): Promise<number> {
  const parsed = parseOrExplain({
    name: "experiment --plan",
    summary: "what so many households take, from what deno task bench has measured",
    usage: "--bench FILE [flags]",
    config: planConfig,
    takesNoVariables: true,
  }, { args: Deno.args, env: () => undefined });
  if (typeof parsed === "number") return parsed;
  try {
    const { into } = parsed.config;
    const plan = await planFor(parsed.config, Math.random);
    print(planText(plan));
    if (into !== undefined) await writePlanInto(into, plan);
    return 0;
  } catch (error) {
    if (!hasCode(error, "config")) throw error;
    printError(`experiment: ${error.message}`);
    return 2;
  }
}

async function run(): Promise<number> {
  const env = (name: string) => Deno.env.get(name);
  let parsed = parse(env);
  if (typeof parsed === "number") return parsed;
  if (parsed.config.resume) {
    // Its own flags, below those that are given now.
    const variables = await variablesOf(parsed.config.out);
    parsed = parse((name) => env(name) ?? variables[name]);
    if (typeof parsed === "number") return parsed;
  }
  const { config, variables } = parsed;
  const elapsedMs = () => performance.now();
  return await runExperiment(config, {
    view: openView(print),
    signals: new StopSignals(elapsedMs),
    env: Deno.env.toObject(),
    variables,
    givenByFlag: Object.fromEntries(
      Object.entries(variables).filter(([name]) => env(name) === undefined),
    ),
    elapsedMs,
    nowMs: Date.now,
    random: Math.random,
  });
}

function parse(env: (name: string) => string | undefined) {
  return parseOrExplain({
    name: "experiment",
    summary:
      "a ramp of households, sampled once a second, and a report beside the thesis's figures",
    usage: "[flags], or --plan: see deno task experiment --plan --help",
    config: experimentConfig,
  }, { args: Deno.args, env });
}

/** None where there is nothing to go on with: the run says so itself. */
async function variablesOf(folder: string): Promise<Readonly<Record<string, string>>> {
  try {
    return (await new RunFiles(folder).read())?.variables ?? {};
  } catch (error) {
    if (!hasCode(error, "config")) throw error;
    return {};
  }
}

if (import.meta.main) Deno.exit(await main());

/** `deno task experiment`: the evaluation of the thesis on this machine, and its report. */
import { hasCode } from "../shared/errors.ts";
import { parseOrExplain } from "../shared/service/program.ts";
import { print, printError } from "../shared/service/terminal.ts";
import { StopSignals } from "./dev/stop_signals.ts";
import { openView } from "./dev/view.ts";
import { experimentConfig } from "./experiment/config.ts";
import { planConfig } from "./experiment/plan/config.ts";
import { planText } from "./experiment/plan/plan.ts";
import { runExperiment } from "./experiment/run.ts";

async function main(): Promise<number> {
  return Deno.args.includes("--plan") ? await plan() : await run();
}

async function plan(): Promise<number> {
  const parsed = parseOrExplain({
    name: "experiment --plan",
    summary: "what so many households take, from what deno task bench has measured",
    usage: "deno task experiment --plan --bench FILE [flags]",
    config: planConfig,
  }, { args: Deno.args, env: () => undefined });
  if (typeof parsed === "number") return parsed;
  try {
    print(await planText(parsed.config, Math.random));
    return 0;
  } catch (error) {
    if (!hasCode(error, "config")) throw error;
    printError(`experiment: ${error.message}`);
    return 2;
  }
}

async function run(): Promise<number> {
  const parsed = parseOrExplain({
    name: "experiment",
    summary:
      "a ramp of households, sampled once a second, and a report beside the thesis's figures",
    usage: "deno task experiment [flags], or --plan: see deno task experiment --plan --help",
    config: experimentConfig,
  }, { args: Deno.args, env: (name) => Deno.env.get(name) });
  if (typeof parsed === "number") return parsed;
  const elapsedMs = () => performance.now();
  return await runExperiment(parsed.config, {
    view: openView(print),
    signals: new StopSignals(elapsedMs),
    env: Deno.env.toObject(),
    variables: parsed.variables,
    elapsedMs,
    nowMs: Date.now,
    random: Math.random,
  });
}

if (import.meta.main) Deno.exit(await main());

/** `deno task experiment`: the evaluation of the thesis on this machine, and its report. */
import { parseOrExplain } from "../shared/service/program.ts";
import { print } from "../shared/service/terminal.ts";
import { StopSignals } from "./dev/stop_signals.ts";
import { openView } from "./dev/view.ts";
import { experimentConfig } from "./experiment/config.ts";
import { runExperiment } from "./experiment/run.ts";

async function main(): Promise<number> {
  const parsed = parseOrExplain({
    name: "experiment",
    summary:
      "a ramp of households, sampled once a second, and a report beside the thesis's figures",
    usage: "deno task experiment [flags]",
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

/** `deno task dev`: everything on this machine, with a live view and a closing report. */
import { parseOrExplain } from "../shared/service/program.ts";
import { print } from "../shared/service/terminal.ts";
import { devConfig } from "./dev/config.ts";
import { runDev } from "./dev/run.ts";
import { StopSignals } from "./dev/stop_signals.ts";
import { openView } from "./dev/view.ts";

async function main(): Promise<number> {
  const parsed = parseOrExplain({
    name: "dev",
    summary: "households, broker, log and workers on this machine, and proof that all is right",
    config: devConfig,
  }, { args: Deno.args, env: (name) => Deno.env.get(name) });
  if (typeof parsed === "number") return parsed;
  const elapsedMs = () => performance.now();
  return await runDev(parsed.config, {
    view: openView(print),
    signals: new StopSignals(elapsedMs),
    env: Deno.env.toObject(),
    variables: parsed.variables,
    elapsedMs,
    random: Math.random,
  });
}

if (import.meta.main) Deno.exit(await main());

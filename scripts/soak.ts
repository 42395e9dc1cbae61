/** `deno task soak`: faults at random moments on real Kafka, and proof that all is right. */
import { parseOrExplain } from "../shared/service/program.ts";
import { print } from "../shared/service/terminal.ts";
import { StopSignals } from "./dev/stop_signals.ts";
import { soakConfig } from "./soak/config.ts";
import { runSoak } from "./soak/run.ts";

async function main(): Promise<number> {
  const parsed = parseOrExplain({
    name: "soak",
    summary: "faults at random moments on real Kafka, and proof that all is right",
    config: soakConfig,
  }, { args: Deno.args, env: (name) => Deno.env.get(name) });
  if (typeof parsed === "number") return parsed;
  const elapsedMs = () => performance.now();
  const signals = new StopSignals(elapsedMs);
  signals.leave.addEventListener("abort", () => Deno.exit(130));
  const { isRight } = await runSoak(parsed.config, {
    print,
    stop: signals.stop,
    env: Deno.env.toObject(),
    random: Math.random,
  });
  signals.close();
  return isRight ? 0 : 1;
}

if (import.meta.main) Deno.exit(await main());

/** The bridge's process. */
import { runWorker } from "../../shared/service/program.ts";
import { bridgeProgram } from "./worker.ts";

if (import.meta.main) {
  const env = (name: string) => Deno.env.get(name);
  const program = bridgeProgram({
    nowMs: Date.now,
    elapsedMs: () => performance.now(),
    random: Math.random,
    env,
  });
  Deno.exit(await runWorker(program, { args: Deno.args, env }));
}

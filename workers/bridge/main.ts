/** The bridge's process. */
import { runWorker } from "../../shared/service/program.ts";
import { bridgeProgram } from "./worker.ts";

if (import.meta.main) {
  const program = bridgeProgram({
    nowMs: Date.now,
    elapsedMs: () => performance.now(),
    random: Math.random,
  });
  Deno.exit(await runWorker(program, { args: Deno.args, env: (name) => Deno.env.get(name) }));
}

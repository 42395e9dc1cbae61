/** The console's process. */
import { runWorker } from "../../shared/service/program.ts";
import { consoleProgram } from "./worker.ts";

if (import.meta.main) {
  const program = consoleProgram({ nowMs: Date.now, random: Math.random });
  Deno.exit(await runWorker(program, { args: Deno.args, env: (name) => Deno.env.get(name) }));
}

/** The gateway's process. */
import { runGateway } from "./program.ts";

if (import.meta.main) {
  const env = (name: string) => Deno.env.get(name);
  const environment = {
    nowMs: Date.now,
    random: Math.random,
    env,
  };
  Deno.exit(await runGateway(environment, { args: Deno.args, env }));
}

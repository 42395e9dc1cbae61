/** The bridge's process. */
import { runBridge } from "./program.ts";

if (import.meta.main) {
  const env = (name: string) => Deno.env.get(name);
  const environment = {
    nowMs: Date.now,
    elapsedMs: () => performance.now(),
    random: Math.random,
    env,
  };
  Deno.exit(await runBridge(environment, { args: Deno.args, env }));
}

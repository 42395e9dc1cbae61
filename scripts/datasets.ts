/** `deno task datasets list | show | export`: what the log holds for training, and as files. */
import { runDatasets } from "./datasets/command.ts";

if (import.meta.main) {
  Deno.exit(await runDatasets({ args: Deno.args, env: (name) => Deno.env.get(name) }));
}

/** `deno task deploy check | verify`: the system on Kubernetes. */
import { runDeploy } from "./deploy/command.ts";

if (import.meta.main) {
  Deno.exit(await runDeploy({ args: Deno.args, env: (name) => Deno.env.get(name) }));
}

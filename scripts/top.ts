/** `deno task top --log URL`: how a running system does, for who has no Prometheus. */
import { runTop } from "./top/command.ts";

if (import.meta.main) {
  Deno.exit(await runTop({ args: Deno.args, env: (name) => Deno.env.get(name) }));
}

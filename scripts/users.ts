/** `deno task users add | passwd | remove | list`: who may publish. */
import { runUsers } from "./users/command.ts";

if (import.meta.main) {
  Deno.exit(await runUsers({ args: Deno.args, env: (name) => Deno.env.get(name) }));
}

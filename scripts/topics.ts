/** `deno task topics create | grow | list | read TOPIC`: a look into the log. */
import { runTopics } from "./topics/command.ts";

if (import.meta.main) {
  Deno.exit(await runTopics({ args: Deno.args, env: (name) => Deno.env.get(name) }));
}

/** `deno task dead-letters list | show | replay`: what was refused, and a second chance for it. */
import { runDeadLetters } from "./dead_letters/command.ts";

if (import.meta.main) {
  Deno.exit(await runDeadLetters({ args: Deno.args, env: (name) => Deno.env.get(name) }));
}

/** `deno task households`: what becomes of one household's records. */
import { runHouseholds } from "./households/command.ts";

if (import.meta.main) {
  Deno.exit(await runHouseholds({ args: Deno.args, env: (name) => Deno.env.get(name) }));
}

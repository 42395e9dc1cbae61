/** `deno task services up | down | status`: real Kafka and Mosquitto on this machine. */
import { runServices } from "./services/command.ts";

if (import.meta.main) {
  Deno.exit(await runServices({ args: Deno.args, env: (name) => Deno.env.get(name) }));
}

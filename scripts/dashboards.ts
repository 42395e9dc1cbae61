/** `deno task dashboards write | draw`: the dashboards for Grafana, as files and as pictures. */
import { runDashboards } from "./dashboards/command.ts";

if (import.meta.main) {
  Deno.exit(await runDashboards({ args: Deno.args, env: (name) => Deno.env.get(name) }));
}

/** Writes the dashboards for Grafana, as the code has them, into deploy/. */
import { DASHBOARDS, fileOf } from "./dashboards/all.ts";
import { grafanaJson } from "./dashboards/grafana.ts";

for (const dashboard of DASHBOARDS) {
  await Deno.writeTextFile(fileOf(dashboard), grafanaJson(dashboard));
}

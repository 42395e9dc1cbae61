import assert from "node:assert/strict";
import { DASHBOARDS, fileOf } from "../../scripts/dashboards/all.ts";
import { grafanaJson } from "../../scripts/dashboards/grafana.ts";
import { loadRules } from "../../shared/services/prometheus_rules.ts";
import { metricNames, seriesNamesIn } from "./metric_names.ts";

Deno.test("the dashboards in deploy/ are those of the code", async () => {
  const folder = new URL("../../deploy/components/monitoring/", import.meta.url);
  for (const dashboard of DASHBOARDS) {
    const written = await Deno.readTextFile(fileOf(dashboard));
    assert.equal(written, grafanaJson(dashboard), "Run: deno task dashboards write");
  }
  const names = Array.from(Deno.readDirSync(new URL("dashboards/", folder)), ({ name }) => name);
  assert.deepEqual(names.sort(), DASHBOARDS.map(({ name }) => `${name}.json`).sort());
  const kustomization = await Deno.readTextFile(new URL("kustomization.yaml", folder));
  for (const name of names) assert.ok(kustomization.includes(`dashboards/${name}`), name);
});

Deno.test("dashboards name only metrics of ours that there are", async () => {
  const rules = (await loadRules()).flatMap((group) => group.rules);
  const known = metricNames(rules);
  const queries = DASHBOARDS.flatMap(({ panels }) => panels.flatMap((panel) => panel.queries));
  for (const name of queries.flatMap(({ expr }) => seriesNamesIn(expr))) {
    assert.ok(known.has(name), `there is no ${name}`);
  }
});

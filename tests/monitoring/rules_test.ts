import assert from "node:assert/strict";
import { stringify } from "yaml";
import { Metrics } from "../../shared/service/metrics.ts";
import { requireCommands } from "../../shared/services/commands.ts";
import { loadRules, quickened, type Rule } from "../../shared/services/prometheus_rules.ts";
import { noReport } from "../../shared/services/report.ts";
import { BROKER_CASES } from "./broker_cases.ts";
import { DATA_CASES } from "./data_cases.ts";
import { metricNames, METRICS, seriesNamesIn } from "./metric_names.ts";
import { type AlertCase, RUNNING_CASES } from "./running_cases.ts";

const ALERT_CASES = [...RUNNING_CASES, ...DATA_CASES, ...BROKER_CASES];

const RUNBOOK = new URL("../../deploy/RUNBOOK.md", import.meta.url);

const rules: readonly Rule[] = (await loadRules()).flatMap((group) => group.rules);
const alerts = rules.flatMap(({ alert }) => alert ?? []);

Deno.test("promtool check rules finds the rules right, and right when they are quickened", async () => {
  const groups = await loadRules();
  for (const [title, tried] of [["as they are", groups], ["quickened", quickened(groups, 15)]]) {
    await inFolder(async (folder) => {
      await Deno.writeTextFile(`${folder}/rules.yml`, stringify({ groups: tried }));
      const { code, said } = await promtool(["check", "rules", `${folder}/rules.yml`]);
      assert.equal(code, 0, `${title}: ${said}`);
    });
  }
});

Deno.test("promtool check metrics finds nothing to say of names, units and help of the workers' metrics", async () => {
  const text = await new Metrics(METRICS).text();
  assert.deepEqual(await promtool(["check", "metrics"], text), { code: 0, said: "" });
  const wrong = await promtool(
    ["check", "metrics"],
    text.replaceAll("_reconnects_total", "_reconnects"),
  );
  assert.match(
    wrong.said,
    /wattstream_bridge_reconnects counter metrics should have "_total" suffix/,
  );
});

Deno.test("each alert fires where it should, no other does, and it is silent where it should be", async () => {
  assert.deepEqual(problemsOf(await testRules(ALERT_CASES)), "");
  const fired = new Set(ALERT_CASES.flatMap(({ firing }) => firing));
  assert.deepEqual([...fired].sort(), [...alerts].sort(), "each alert fires in a case");
});

Deno.test("promtool test rules catches an alert that does not fire, and one that should not", async () => {
  const [first] = ALERT_CASES;
  for (const firing of [[], ["WattstreamRecordsLost", "WattstreamSkew"]]) {
    assert.match(problemsOf(await testRules([{ ...first!, firing }])), /FAILED/);
  }
});

Deno.test("RUNBOOK.md has a section for each alert and no other, and each alert names its own", async () => {
  const text = await Deno.readTextFile(RUNBOOK);
  const sections = text.split(/^## /m).slice(1).map((section) => section.split("\n"));
  const titles = sections.map(([title]) => title!);
  assert.deepEqual(titles.filter((title) => title.startsWith("Wattstream")), alerts);
  for (const [title, ...lines] of sections.filter(([title]) => alerts.includes(title!))) {
    for (const part of ["Means", "Confirm", "Do"]) {
      assert.ok(lines.some((line) => line.startsWith(`**${part}.**`)), `${title}: no ${part}`);
    }
  }
  for (const { alert, labels, annotations } of rules) {
    if (alert === undefined) continue;
    assert.equal(annotations?.runbook, `deploy/RUNBOOK.md#${alert.toLowerCase()}`);
    assert.match(labels?.severity ?? "", /^(critical|warning)$/, alert);
    assert.ok((annotations?.summary ?? "") !== "", alert);
  }
});

Deno.test("rules and RUNBOOK.md name only metrics and rules that there are", async () => {
  const known = metricNames(rules);
  const runbook = await Deno.readTextFile(RUNBOOK);
  for (const text of [...rules.map(({ expr }) => expr), runbook]) {
    for (const name of seriesNamesIn(text)) assert.ok(known.has(name), `there is no ${name}`);
  }
});

interface Said {
  readonly code: number;
  readonly said: string;
}

const problemsOf = ({ code, said }: Said) => code === 0 ? "" : said;

/** Runs promtool's unit tests over these cases. */
async function testRules(cases: readonly AlertCase[]): Promise<Said> {
  const groups = await loadRules();
  return await inFolder(async (folder) => {
    await Deno.writeTextFile(`${folder}/rules.yml`, stringify({ groups }));
    const tests = cases.map(({ title, series, atMinute, firing }) => ({
      name: title,
      interval: "1m",
      input_series: Object.entries(series).map(([name, values]) => ({ series: name, values })),
      promql_expr_test: [{
        expr: 'count by (alertname) (ALERTS{alertstate="firing"}) > bool 0',
        eval_time: `${atMinute}m`,
        exp_samples: firing.map((name) => ({ labels: `{alertname="${name}"}`, value: 1 })),
      }],
    }));
    const file = { rule_files: ["rules.yml"], evaluation_interval: "1m", tests };
    await Deno.writeTextFile(`${folder}/test.yml`, stringify(file));
    return await promtool(["test", "rules", `${folder}/test.yml`]);
  });
}

async function promtool(args: readonly string[], stdin = ""): Promise<Said> {
  const { promtool } = await requireCommands(["promtool"], noReport);
  await using child = new Deno.Command(promtool, {
    args: [...args],
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const written = new Response(stdin).body!.pipeTo(child.stdin);
  const [{ code, stdout, stderr }] = await Promise.all([child.output(), written]);
  const said = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes)).join("");
  return { code, said };
}

async function inFolder<T>(body: (folder: string) => Promise<T>): Promise<T> {
  const folder = await Deno.makeTempDir({ prefix: "wattstream-rules-" });
  try {
    return await body(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

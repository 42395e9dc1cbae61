import assert from "node:assert/strict";
import { planConfig } from "./config.ts";
import { planFor, planText } from "./plan.ts";
import { withPlan, writePlanInto } from "./plan_page.ts";

const STEADY = { median: { inputPerS: 2_000, cores: 0.2, peakMemoryMB: 150 } };
const FILE = {
  at: "2026-11-28T12:00:00.000Z",
  runs: 3,
  machine: { cores: 2, load: 0.25 },
  "steady bridge, households: 1000": STEADY,
  "steady predictions, households: 1000": STEADY,
  "steady training, households: 1000": STEADY,
};

async function planOf(file: object, flags: object = {}) {
  const path = await Deno.makeTempFile();
  try {
    await Deno.writeTextFile(path, JSON.stringify(file));
    const config = planConfig.parse({ bench: path, households: "1000", ...flags });
    return await planFor(config, () => 0.5);
  } finally {
    await Deno.remove(path);
  }
}

Deno.test("planFor() of a file with --steady alone says what it cannot know, and the rest", async () => {
  const text = planText(await planOf(FILE));
  assert.match(text, /^bridge: shares, cores, memory +–, 0\.2, 150 MB$/m);
  assert.match(text, /^disaggregation at least: replicas, cores +–, –$/m);
  assert.match(text, /^MQTT brokers +–$/m);
  assert.match(text, /^- measured: 2026-11-28, medians of 3, 2 cores, load 0\.3 before it began$/m);
  assert.match(text, /^- not in --bench: “kafka windows”, .*“core disaggregation, 8 devices”; /m);
});

Deno.test("planFor() leaves out who disaggregates, and says of old files that they say nothing", async () => {
  const { runs: _runs, machine: _machine, ...old } = FILE;
  const text = planText(await planOf(old, { noDisaggregation: "true" }));
  assert.doesNotMatch(text, /^disaggregation/m);
  assert.match(text, /^- measured: 2026-11-28, of how many runs .*, on a machine of which .*$/m);
});

Deno.test("withPlan() puts a plan in place of the one that a page has, and leaves the rest", () => {
  const plan = { table: "households  1 $&", basis: ["measured: today", "assumed: all"] };
  const page = "# Head\n\n<!-- plan -->\nold\n<!-- end of plan -->\n\nmore\n";
  const once = withPlan(page, plan);
  assert.equal(
    once,
    "# Head\n\n<!-- plan -->\n```\nhouseholds  1 $&\n```\n\nWhat this rests on:\n\n" +
      "- measured: today\n- assumed: all\n<!-- end of plan -->\n\nmore\n",
  );
  assert.equal(withPlan(once, plan), once);
});

Deno.test("writePlanInto() names a file that has no place for a plan", async () => {
  const path = await Deno.makeTempFile();
  try {
    const write = writePlanInto(path, { table: "", basis: [] });
    await assert.rejects(write, { message: new RegExp(`--into ${path}: expected lines`) });
  } finally {
    await Deno.remove(path);
  }
});

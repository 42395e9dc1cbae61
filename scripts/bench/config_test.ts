import assert from "node:assert/strict";
import { parseConfig } from "../../shared/service/config.ts";
import { benchConfig, partsOf } from "./config.ts";

function partsFor(...args: string[]): string {
  const parsed = parseConfig(benchConfig, { args, env: () => undefined });
  assert.notEqual(parsed, "help");
  return [...partsOf((parsed as Exclude<typeof parsed, "help">).config)].join(" ");
}

Deno.test("partsOf() measures what is asked for, and with --json alone all that ratios and a plan need", () => {
  assert.equal(partsFor(), "cores");
  assert.equal(partsFor("--json", "f"), "cores peers bridge steady households");
  assert.equal(partsFor("--log", "kafka", "--json", "f"), "cores workers");
  assert.equal(partsFor("--log", "sqlite"), "cores embedded");
  assert.equal(partsFor("--peers", "--bridge", "--json", "f"), "peers bridge");
  assert.equal(partsFor("--log", "kafka", "--recovery"), "recovery");
  assert.equal(partsFor("--scale", "--faults"), "faults scale");
  assert.equal(partsFor("--steady", "--json", "f"), "steady");
  assert.equal(partsFor("--plan", "--json", "f"), "cores workers bridge steady households");
  assert.equal(
    partsFor("--plan", "--steady", "--bridge"),
    "cores workers bridge steady households",
  );
  assert.equal(partsFor("--log", "kafka", "--metrics"), "metrics");
  assert.equal(partsFor("--loop"), "loop");
});

import assert from "node:assert/strict";
import { parseConfig } from "../../shared/service/config.ts";
import { assertReadmeTables } from "../../shared/testing/readme_tables.ts";
import { consoleConfig } from "./config.ts";
import { consoleMetrics } from "./metrics.ts";

function parse(...args: string[]) {
  const parsed = parseConfig(consoleConfig, {
    args: ["--log", "sqlite:log.db", ...args],
    env: () => undefined,
  });
  assert.ok(parsed !== "help");
  return parsed.config;
}

Deno.test("consoleConfig serves this machine and watches nobody where nothing is set", () => {
  const { console: address, workers } = parse();
  assert.deepEqual(address, { hostname: "127.0.0.1", port: 8080 });
  assert.deepEqual(workers, []);
  assert.equal(parse().mqtt, undefined);
});

Deno.test("consoleConfig reads the addresses of workers, several of one name too", () => {
  const { workers } = parse("--workers", "bridge=b:1,predictions=p-0:2,predictions=p-1:2");
  assert.deepEqual(workers, [
    { worker: "bridge", address: "b:1" },
    { worker: "predictions", address: "p-0:2" },
    { worker: "predictions", address: "p-1:2" },
  ]);
});

Deno.test("consoleConfig refuses other machines' addresses and what names no worker", () => {
  assert.throws(() => parse("--console", "0.0.0.0:8080"), /--console: expected an address of this/);
  assert.throws(() => parse("--workers", "bridge"), /--workers: expected NAME=HOST:PORT/);
  assert.throws(() => parse("--workers", "b=http://x/y:1"), /--workers: expected NAME=HOST:PORT/);
});

Deno.test("the README has the flags and metrics of the code", async () => {
  await assertReadmeTables(new URL("README.md", import.meta.url), {
    config: consoleConfig,
    metrics: consoleMetrics,
  });
});

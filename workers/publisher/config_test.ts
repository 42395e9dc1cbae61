import assert from "node:assert/strict";
import { hasCode } from "../../shared/errors.ts";
import { parseConfig } from "../../shared/service/config.ts";
import { assertReadmeTables } from "../../shared/testing/readme_tables.ts";
import { publisherConfig } from "./config.ts";
import { publisherMetrics } from "./metrics.ts";

const BROKERS = ["--log", "sqlite:x", "--mqtt", "mqtt://127.0.0.1"];

function parse(...args: string[]) {
  const parsed = parseConfig(publisherConfig, { args, env: () => undefined });
  assert.ok(parsed !== "help");
  return parsed.config;
}

Deno.test("publisherConfig has the defaults of the other stream workers, and announces nothing", () => {
  const { idleTimeoutS, maxAheadS, lostRecords, homeAssistant } = parse(...BROKERS);
  assert.deepEqual([idleTimeoutS, maxAheadS, lostRecords, homeAssistant], [60, 10, "stop", false]);
});

Deno.test("publisherConfig refuses a password without a user", () => {
  const problem = (error: unknown) =>
    hasCode(error, "config") && /--mqtt-username: expected with a password/.test(error.message);
  assert.throws(() => parse(...BROKERS, "--mqtt-password", "secret"), problem);
});

Deno.test("publisher/README.md has the flags and metrics of the code", async () => {
  await assertReadmeTables(new URL("README.md", import.meta.url), {
    config: publisherConfig,
    metrics: publisherMetrics,
  });
});

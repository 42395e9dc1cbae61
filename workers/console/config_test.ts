import assert from "node:assert/strict";
import { parseConfig } from "../../shared/service/config.ts";
import { assertReadmeTables } from "../../shared/testing/readme_tables.ts";
import { asksWho, consoleConfig } from "./config.ts";
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

Deno.test("consoleConfig refuses what names no worker", () => {
  assert.throws(() => parse("--workers", "bridge"), /--workers: expected NAME=HOST:PORT/);
  assert.throws(() => parse("--workers", "b=http://x/y:1"), /--workers: expected NAME=HOST:PORT/);
});

Deno.test("consoleConfig asks who comes from another machine, over TLS alone", () => {
  const away = ["--console", "0.0.0.0:8080"];
  const mqtt = ["--mqtt", "mqtts://broker"];
  const tls = ["--tls-cert", "c.pem", "--tls-key", "k.pem"];
  assert.equal(asksWho(parse()), false);
  assert.equal(asksWho(parse("--log-in", ...mqtt)), true);
  assert.equal(asksWho(parse(...away, ...mqtt, ...tls)), true);
  assert.equal(asksWho(parse(...away, ...mqtt, "--behind-ingress")), true);
  assert.equal(asksWho(parse("--console", "[::1]:8080")), false);
  assert.equal(
    asksWho({ console: { hostname: "127.example.org", port: 8080 }, logIn: false }),
    true,
  );
  assert.throws(() => parse(...away, ...mqtt), /--console: expected --tls-cert and --tls-key, or/);
  assert.throws(() => parse(...away, ...tls), /--mqtt: expected where people log in/);
  assert.throws(() => parse("--log-in"), /--mqtt: expected where people log in/);
  assert.throws(() => parse("--tls-cert", "c.pem"), /--tls-cert: expected together with --tls-key/);
  assert.throws(() => parse("--operators", "a"), /--operators: expected with --log-in/);
  assert.throws(
    () => parse("--log-in", "--mqtt", "mqtt://user:secret@broker"),
    (error: Error) =>
      /--mqtt-username: leave it out/.test(error.message) && !/secret/.test(error.message),
  );
  assert.throws(() => parse("--log-in", ...mqtt, "--mqtt-username", "u"), /leave it out where/);
});

Deno.test("consoleConfig takes operators by name, and paths as an ingress has them", () => {
  const args = ["--log-in", "--mqtt", "mqtt://broker", "--operators", "a,b", "--base-path", "/a/b"];
  const { operators, basePath } = parse(...args);
  assert.deepEqual([operators, basePath], [["a", "b"], "/a/b"]);
  for (const path of ["a", "/a/", "/", "/a b", "/a;b", "//a"]) {
    assert.throws(() => parse("--base-path", path), /--base-path: expected a path such as/, path);
  }
});

Deno.test("the README has the flags and metrics of the code", async () => {
  await assertReadmeTables(new URL("README.md", import.meta.url), {
    config: consoleConfig,
    metrics: consoleMetrics,
  });
});

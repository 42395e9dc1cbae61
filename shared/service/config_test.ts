import assert from "node:assert/strict";
import { z } from "zod";
import { hasCode } from "../errors.ts";
import { flag, parseConfig, withRule } from "./config.ts";

const schema = z.strictObject({
  idleTimeoutS: flag.seconds().prefault("60s").describe("Silence after which a household closes"),
  quietTimeoutMs: flag.milliseconds().prefault("5m").describe(
    "Quiet after which a tick is written",
  ),
  households: flag.integer(1, 10).prefault("3").describe("Households"),
  noise: flag.number(0, 1).optional().describe("Share of noise"),
  http: flag.address().prefault("127.0.0.1:0").describe("Address"),
  json: flag.boolean().describe("Print JSON"),
  log: flag.url(["sqlite", "kafka"]).describe("The log"),
});

const ruled = withRule(
  schema,
  ["quietTimeoutMs", "idleTimeoutS"],
  ({ quietTimeoutMs, idleTimeoutS }) =>
    quietTimeoutMs > idleTimeoutS * 1000
      ? undefined
      : `expected --quiet-timeout over --idle-timeout (${idleTimeoutS}s), got ${quietTimeoutMs}ms`,
);

function parse(args: string[], env: Record<string, string> = {}) {
  const parsed = parseConfig(ruled, { args, env: (name) => env[name] });
  assert.ok(parsed !== "help");
  return parsed.config;
}

Deno.test("parseConfig() takes several values of a list, with commas or one after the other", () => {
  const lists = z.strictObject({
    paths: flag.list().optional().describe("Files"),
    ...schema.shape,
  });
  const parsed = (...args: string[]) => {
    const found = parseConfig(lists, {
      args: ["--log", "sqlite:x", ...args],
      env: () => undefined,
    });
    assert.ok(found !== "help");
    return [found.config.paths, found.variables.WATTSTREAM_PATHS];
  };
  assert.deepEqual(parsed(), [undefined, undefined]);
  assert.deepEqual(parsed("--paths", "a,b"), [["a", "b"], "a,b"]);
  assert.deepEqual(parsed("--paths", "a", "b", "c", "--json"), [["a", "b", "c"], "a,b,c"]);
  assert.deepEqual(parsed("--paths=a", "b,c"), [["a", "b", "c"], "a,b,c"]);
  assert.throws(() => parsed("--paths", "a", "--json", "b"), /b: unexpected argument/);
  assert.throws(() => parsed("--paths"), /--paths: expected a value/);
});

Deno.test("parseConfig() gives the defaults where nothing optional is set", () => {
  assert.deepEqual(parse(["--log", "sqlite:x"]), {
    idleTimeoutS: 60,
    quietTimeoutMs: 300_000,
    households: 3,
    http: { hostname: "127.0.0.1", port: 0 },
    json: false,
    log: "sqlite:x",
  });
});

Deno.test("parseConfig() takes flags before variables before defaults", () => {
  const env = {
    WATTSTREAM_LOG: "kafka://a:1",
    WATTSTREAM_HOUSEHOLDS: "4",
    WATTSTREAM_JSON: "true",
  };
  const config = parse(["--households=5", "--idle-timeout", "1.5m", "--noise", "0.5"], env);
  assert.equal(config.log, "kafka://a:1");
  assert.equal(config.households, 5);
  assert.equal(config.idleTimeoutS, 90);
  assert.equal(config.noise, 0.5);
  assert.equal(config.json, true);
});

Deno.test("parseConfig() gives what was given as variables, and nothing else", () => {
  const args = ["--log", "sqlite:x", "--idle-timeout=7", "--json"];
  const env = (name: string) => ({ WATTSTREAM_NOISE: "0.5", WATTSTREAM_IDLE_TIMEOUT: "9" })[name];
  const parsed = parseConfig(schema, { args, env });
  assert.ok(parsed !== "help");
  assert.deepEqual(parsed.variables, {
    WATTSTREAM_IDLE_TIMEOUT: "7",
    WATTSTREAM_NOISE: "0.5",
    WATTSTREAM_JSON: "true",
    WATTSTREAM_LOG: "sqlite:x",
  });
});

Deno.test("parseConfig() reads a bare number as seconds", () => {
  assert.equal(parse(["--log", "sqlite:x", "--idle-timeout", "7"]).idleTimeoutS, 7);
});

Deno.test("parseConfig() lists every problem at once, by the name it was given under", () => {
  const run = () =>
    parse(["--idle-timeout", "soon", "--http", "x", "--what", "--json=7", "stray", "--noise"], {
      WATTSTREAM_HOUSEHOLDS: "99",
    });
  assert.throws(run, (error) => {
    assert.ok(hasCode(error, "config"));
    for (
      const part of [
        '--idle-timeout: expected a duration in whole seconds, such as 15s or 5m, got "soon"',
        '--http: expected HOST:PORT, got "x"',
        "--what: unknown flag",
        "--json: takes no value",
        "stray: unexpected argument",
        "--noise: expected a value",
        'WATTSTREAM_HOUSEHOLDS: expected a whole number from 1 to 10, got "99"',
        "--log: expected a value",
      ]
    ) assert.ok(error.message.includes(part), `${part} not in:\n${error.message}`);
    return true;
  });
});

Deno.test("parseConfig() checks the rules between keys, also where other keys are wrong", () => {
  assert.throws(
    () => parse(["--quiet-timeout", "5s"]),
    /--log: expected a value\nexpected --quiet-timeout over --idle-timeout \(60s\), got 5000ms/,
  );
});

Deno.test("parseConfig() says once what is wrong with a URL or a word, with the words that there are", () => {
  const words = z.strictObject({
    ...schema.shape,
    url: flag.url(["mqtt"]).refine(() => false, "never").describe("Broker"),
    format: flag.choice(["csv", "parquet"]).optional().describe("Format"),
  });
  const args = ["--log", "sqlite:x", "--url", "http://x", "--format", "xls"];
  assert.throws(() => parseConfig(words, { args, env: () => undefined }), {
    message: "--url: expected a URL that begins with mqtt:\n" +
      '--format: expected one of csv, parquet, got "xls"',
  });
});

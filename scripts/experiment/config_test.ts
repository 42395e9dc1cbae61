import assert from "node:assert/strict";
import { parseConfig } from "../../shared/service/config.ts";
import { devConfigOf, experimentConfig, rampArgs } from "./config.ts";

function parse(...args: string[]) {
  const parsed = parseConfig(experimentConfig, { args, env: () => undefined });
  assert.notEqual(parsed, "help");
  return (parsed as Exclude<typeof parsed, "help">).config;
}

Deno.test("experimentConfig is the thesis's ramp where nothing is said", () => {
  const config = parse();
  assert.equal(
    rampArgs(config).join(" "),
    [
      "--users 100 --total-users 4000 --increase-users 100 --increase-in-seconds 5 --qos 1",
    ].join(" "),
  );
  assert.equal(devConfigOf(config).households, 4_000);
  assert.equal(devConfigOf(config).durationMs, 3_600_000);
});

Deno.test("experimentConfig begins with all users where there are fewer than usual", () => {
  assert.match(rampArgs(parse("--total-users", "50")).join(" "), /^--users 50 --total-users 50 /);
  assert.match(rampArgs(parse("--users", "7", "--total-users", "50")).join(" "), /^--users 7 /);
});

Deno.test("experimentConfig has no flags of what an experiment does not have", () => {
  for (const flag of ["--replay", "--strict", "--home-assistant", "--no-disaggregation"]) {
    assert.throws(() => parse(flag), /unknown flag/, flag);
  }
});

Deno.test("experimentConfig refuses a ramp that does not get there, and a port that nobody listens on", () => {
  assert.throws(() => parse("--users", "10", "--total-users", "5"), /at least the 10 of --users/);
  assert.throws(
    () => parse("--users", "1", "--total-users", "5", "--increase-users", "0"),
    /expected --increase-users to get from 1 to 5/,
  );
  assert.throws(
    () => parse("--mqtt", "mqtt://127.0.0.1", "--mqtt-port", "1883"),
    /expected --mqtt-port of the embedded broker without --mqtt/,
  );
});

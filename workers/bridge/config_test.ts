import assert from "node:assert/strict";
import { hasCode } from "../../shared/errors.ts";
import { parseConfig } from "../../shared/service/config.ts";
import { bridgeConfig, subscriptionFilters } from "./config.ts";

const REQUIRED = ["--log", "sqlite:x.db", "--mqtt", "mqtt://localhost:1883"];

function parse(...args: string[]) {
  const parsed = parseConfig(bridgeConfig, { args: [...REQUIRED, ...args], env: () => undefined });
  assert.ok(parsed !== "help");
  return parsed.config;
}

Deno.test("bridgeConfig has these defaults", () => {
  const config = parse();
  assert.deepEqual(
    [config.state, config.clientId, config.clientIdFile, config.group],
    [undefined, undefined, undefined, undefined],
  );
  assert.deepEqual(
    [config.sessionExpiryS, config.atStop],
    [86_400, "return"],
  );
  assert.deepEqual([config.share, config.spool, config.spoolBytes], [
    { index: 0, count: 1 },
    undefined,
    1024 ** 3,
  ]);
  assert.deepEqual([config.receiveMaximum, config.bufferMessages], [1000, 50_000]);
});

Deno.test("bridgeConfig takes each of its own flags", () => {
  const config = parse(
    ...["--client-id", "bridge-0", "--group", "meters", "--session-expiry", "2h"],
    ...["--receive-maximum", "65535", "--buffer-messages", "70000", "--at-stop", "leave"],
  );
  const other = parse(
    "--share",
    "1/2",
    "--client-id",
    "b",
    "--spool",
    "x",
    "--spool-bytes",
    "2048",
  );
  assert.equal(config.check, false);
  assert.equal(parse("--check").check, true);
  const kept = parse("--state", "x", "--client-id-file", "y");
  assert.deepEqual([kept.state, kept.clientIdFile], ["x", "y"]);
  assert.deepEqual([other.share, other.spool, other.spoolBytes], [
    { index: 1, count: 2 },
    "x",
    2048,
  ]);
  const { clientId, group, sessionExpiryS, receiveMaximum, bufferMessages, atStop } = config;
  assert.deepEqual(
    [clientId, group, sessionExpiryS, receiveMaximum, bufferMessages, atStop],
    ["bridge-0", "meters", 7200, 65_535, 70_000, "leave"],
  );
});

Deno.test("bridgeConfig refuses what cannot work, all at once", () => {
  const refusals: [args: string[], messages: RegExp[]][] = [
    [["--receive-maximum", "65536", "--group", "a/b"], [/from 1 to 65535/, /--group: .*without/]],
    [["--receive-maximum", "0"], [/from 1 to 65535/]],
    [["--buffer-messages", "10"], [/--receive-maximum: .*at most --buffer-messages 10, got 1000/]],
    [["--mqtt-version", "3.1.1", "--group", "a"], [/--group: .*--mqtt-version 5.*got 3.1.1/]],
    [["--share", "0/2", "--client-id", "a", "--group", "a"], [/--group: leave it out or --share/]],
    [["--client-id", "a", "--client-id-file", "b"], [
      /--client-id-file: leave it out or --client-id/,
    ]],
    [["--share", "2/2"], [/--share: expected INDEX\/COUNT.*got "2\/2"/]],
    [["--at-stop", "vanish"], [/--at-stop: /]],
  ];
  for (const [args, messages] of refusals) {
    assert.throws(() => parse(...args), (error) => {
      assert.ok(hasCode(error, "config"));
      for (const expected of messages) assert.match(error.message, expected);
      return true;
    });
  }
});

Deno.test("subscriptionFilters() subscribes to each kind, shared within a group", () => {
  assert.deepEqual(subscriptionFilters(parse("--mqtt-topics", "flat")), [
    "power",
    "device-state",
    "household",
  ]);
  assert.deepEqual(subscriptionFilters(parse("--group", "meters")), [
    "$share/meters/energy/+/+/power",
    "$share/meters/energy/+/+/device-state",
    "$share/meters/energy/+/+/household",
  ]);
});

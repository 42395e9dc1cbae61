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
  const { mqttTopics, ...config } = parse();
  assert.equal(mqttTopics.text, "energy/{username}/{client_id}/{kind}");
  assert.deepEqual(config, {
    http: { hostname: "127.0.0.1", port: 0 },
    logLevel: "info",
    log: "sqlite:x.db",
    mqtt: "mqtt://localhost:1883",
    mqttVersion: "5",
    clientId: "wattstream-bridge",
    group: "bridge",
    sessionExpiryS: 86_400,
    receiveMaximum: 1000,
    bufferMessages: 10_000,
    atStop: "return",
  });
});

Deno.test("bridgeConfig takes each of its own flags", () => {
  const config = parse(
    ...["--client-id", "bridge-0", "--group", "meters", "--session-expiry", "2h"],
    ...["--receive-maximum", "65535", "--buffer-messages", "70000", "--at-stop", "leave"],
  );
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
    [["--mqtt-version", "3.1.1", "--at-stop", "leave"], [/--at-stop: .*return with MQTT 3.1.1/]],
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

Deno.test("subscriptionFilters() shares the subscription where the MQTT version can", () => {
  assert.deepEqual(subscriptionFilters(parse()), [
    "$share/bridge/energy/+/+/power",
    "$share/bridge/energy/+/+/device-state",
  ]);
  assert.deepEqual(
    subscriptionFilters(parse("--mqtt-version", "3.1.1", "--mqtt-topics", "flat")),
    ["power", "device-state"],
  );
});

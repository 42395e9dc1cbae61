import assert from "node:assert/strict";
import { hasCode } from "../../shared/errors.ts";
import { parseConfig } from "../../shared/service/config.ts";
import { gatewayConfig } from "./config.ts";

const LEAST = [
  ...["--mqtt", "mqtt://localhost", "--uplink", "mqtts://broker", "--households", "homes.yaml"],
];

function parse(...args: string[]) {
  const parsed = parseConfig(gatewayConfig, { args, env: () => undefined });
  assert.ok(parsed !== "help");
  return parsed.config;
}

Deno.test("gatewayConfig has defaults for all but brokers and households", () => {
  const { uplinkTopics, ...config } = parse(...LEAST);
  assert.equal(uplinkTopics.text, "energy/{username}/{client_id}/{kind}");
  assert.deepEqual(config, {
    http: { hostname: "127.0.0.1", port: 0 },
    logLevel: "info",
    logFormat: "json",
    drainTimeoutMs: 10_000,
    mqtt: "mqtt://localhost",
    mqttVersion: "5",
    households: "homes.yaml",
    uplink: "mqtts://broker",
    uplinkVersion: "5",
    homeAssistant: false,
    sessionExpiryS: 3600,
    spoolBytes: 1024 ** 3,
    check: false,
    checkForS: 60,
  });
});

Deno.test("gatewayConfig refuses what is missing or wrong, all at once", () => {
  const cases: [args: string[], message: RegExp][] = [
    [[], /--mqtt: expected a value\n--households: expected a value\n--uplink: expected a value/],
    [[...LEAST, "--uplink", "http://x"], /--uplink: expected a URL that begins with mqtt:, mqtts:/],
    [[...LEAST, "--mqtt-ca", "x"], /--mqtt: expected mqtts: or wss: with certificates/],
    [[...LEAST, "--mqtt-password", "x"], /--mqtt-username: expected with a password/],
    [[...LEAST, "--uplink-topics", "a/b"], /--uplink-topics: add \{kind\}/],
    [
      [...LEAST, "--uplink", "mqtt://localhost", "--home-assistant"],
      /--home-assistant: leave it out/,
    ],
    [[...LEAST, "--mqtt-topics", "flat"], /--mqtt-topics: unknown flag|--mqtt…: unknown flag/],
  ];
  for (const [args, message] of cases) {
    assert.throws(
      () => parse(...args),
      (error) => hasCode(error, "config") && message.test(error.message),
    );
  }
});

import assert from "node:assert/strict";
import { hasCode } from "../../shared/errors.ts";
import { parseConfig } from "../../shared/service/config.ts";
import { type SimulatorConfig, simulatorConfig } from "./config.ts";

function parse(...args: string[]): SimulatorConfig {
  const parsed = parseConfig(simulatorConfig, {
    args: ["--mqtt", "mqtt://broker", ...args],
    env: () => undefined,
  });
  assert.ok(parsed !== "help");
  return parsed.config;
}

Deno.test("simulatorConfig has defaults for all but the broker", () => {
  const { mqttTopics, ...config } = parse();
  assert.equal(mqttTopics.text, "energy/{username}/{client_id}/{kind}");
  assert.deepEqual(config, {
    http: { hostname: "127.0.0.1", port: 0 },
    logLevel: "info",
    logFormat: "json",
    drainTimeoutMs: 10_000,
    mqtt: "mqtt://broker",
    mqttVersion: "5",
    qos: "1",
    users: 10,
    increaseUsers: 0,
    increaseInSeconds: 5,
    householdsPerUser: 1,
    noise: 0,
    swapProbability: 0.05,
    newDeviceProbability: 0,
    offlineProbability: 0,
    offlineTimeS: 60,
    wrongClocks: 0,
    wrongClockByS: 3600,
    duplicateProbability: 0,
    replaySpeed: 1,
    replayFromS: 0,
    replayLabels: "spells",
    onThreshold: 10,
    resample: "none",
    strict: false,
    loop: false,
  });
});

Deno.test("simulatorConfig takes everything set", () => {
  const { mqttTopics, ...config } = parse(
    ...[
      "--http",
      "0.0.0.0:9000",
      "--log-level",
      "debug",
      "--log-format",
      "text",
      "--mqtt-topics",
      "flat",
    ],
    ...["--drain-timeout", "5s", "--drain-max", "25s"],
    ...["--mqtt-version", "3.1.1", "--qos", "0", "--users", "100", "--increase-users", "100"],
    ...["--increase-in-seconds", "5", "--total-users", "4000", "--households-per-user", "2"],
    ...["--noise", "2.5", "--swap-probability", "0.2", "--seed", "7", "--duration", "1h"],
    ...["--connections", "3", "--new-device-probability", "0.1", "--truth", "truth.jsonl"],
    ...["--offline-probability", "0.01", "--offline-time", "5m"],
    ...["--wrong-clocks", "0.02", "--wrong-clock-by", "10m", "--duplicate-probability", "0.03"],
    ...["--replay", "x.csv,y/", "--replay-speed", "60", "--replay-from", "10m"],
    ...["--replay-limit", "1h", "--replay-labels", "all", "--replay-gaps", "10m", "--strict"],
    ...["--time-column", "t", "--power-column", "p", "--device-columns", "a,b"],
    ...["--on-threshold", "25", "--resample", "hold"],
  );
  assert.equal(mqttTopics.text, "flat");
  assert.deepEqual(config, {
    http: { hostname: "0.0.0.0", port: 9000 },
    logLevel: "debug",
    logFormat: "text",
    drainTimeoutMs: 5_000,
    drainMaxMs: 25_000,
    mqtt: "mqtt://broker",
    mqttVersion: "3.1.1",
    qos: "0",
    users: 100,
    increaseUsers: 100,
    increaseInSeconds: 5,
    totalUsers: 4000,
    householdsPerUser: 2,
    noise: 2.5,
    swapProbability: 0.2,
    connections: 3,
    newDeviceProbability: 0.1,
    truth: "truth.jsonl",
    offlineProbability: 0.01,
    offlineTimeS: 300,
    wrongClocks: 0.02,
    wrongClockByS: 600,
    duplicateProbability: 0.03,
    seed: 7,
    durationMs: 3_600_000,
    replay: ["x.csv", "y/"],
    replayGapsS: 600,
    timeColumn: "t",
    powerColumn: "p",
    deviceColumns: ["a", "b"],
    onThreshold: 25,
    resample: "hold",
    strict: true,
    loop: false,
    replaySpeed: 60,
    replayFromS: 600,
    replayLimitS: 3600,
    replayLabels: "all",
  });
});

Deno.test("simulatorConfig says which values do not go together", () => {
  const refusals: [string[], RegExp][] = [
    [["--increase-users", "5"], /--total-users: expected with --increase-users 5/],
    [["--total-users", "9"], /--total-users: expected at least the 10 of --users, got 9/],
    [["--total-users", "20"], /--total-users: expected --increase-users to get from 10 to 20/],
    [["--loop", "--replay-speed", "2"], /--loop: expected with --replay-speed 1, got 2/],
    [["--qos", "2"], /--qos: /],
    [["--replay-speed", "0.5"], /--replay-speed: expected a number from 1/],
    [["--swap-probability", "2"], /--swap-probability: expected a number from 0 to 1/],
    [
      ["--connections", "2", "--mqtt-username", "{username}"],
      /--connections: expected without --mqtt-username/,
    ],
    [["--mqtt-password", "p"], /--mqtt-username: expected with a password/],
  ];
  for (const [args, expected] of refusals) {
    assert.throws(() => parse(...args), (error) => {
      assert.ok(hasCode(error, "config"));
      assert.match(error.message, expected);
      return true;
    });
  }
});

/** The flags of `deno task experiment`: the ramp, and those of `deno task dev` that it hands on. */
import { z } from "zod";
import { checkMqttFlags } from "../../shared/mqtt/flags.ts";
import { flag } from "../../shared/service/config.ts";
import { simulatorConfig } from "../../workers/simulator/config.ts";
import { type DevConfig, devConfig } from "../dev/config.ts";

// A ramp in place of households at once, a report of its own, and no recordings.
const { households: _households, durationMs: _durationMs, report: _report, ...withReplay } =
  devConfig.shape;
const {
  replay: _replay,
  replaySpeed: _replaySpeed,
  replayFromS: _replayFromS,
  replayLimitS: _replayLimitS,
  replayLabels: _replayLabels,
  ...ofDev
} = withReplay;
const { qos, increaseInSeconds } = simulatorConfig.shape;

/** The embedded broker and `deno task dev` go as far. */
const USERS_MAX = 10_000;

export const experimentConfig = z.strictObject({
  out: flag.text().prefault("experiment").describe(
    "Folder for report.html, report.json and the CSV files; it is created",
  ),
  users: flag.integer(1, USERS_MAX).prefault("100").describe("Users at the start"),
  increaseUsers: flag.integer(0, USERS_MAX).prefault("100").describe(
    "Users that come with each step",
  ),
  increaseInSeconds,
  totalUsers: flag.integer(1, USERS_MAX).prefault("4000").describe("Users at the end"),
  durationMs: flag.milliseconds().prefault("1h").describe("How long to publish"),
  qos,
  ...ofDev,
}).superRefine((config, context) => {
  const refuse = (message: string) =>
    context.addIssue({ code: "custom", path: ["totalUsers"], message });
  const { users, totalUsers, increaseUsers, mqtt, mqttPort } = config;
  if (totalUsers < users) refuse(`expected at least the ${users} of --users, got ${totalUsers}`);
  if (totalUsers > users && increaseUsers === 0) {
    refuse(`expected --increase-users to get from ${users} to ${totalUsers}`);
  }
  if (mqtt !== undefined && mqttPort !== 0) {
    context.addIssue({
      code: "custom",
      path: ["mqttPort"],
      message: `expected --mqtt-port of the embedded broker without --mqtt, got ${mqttPort}`,
    });
  }
  checkMqttFlags({ ...config, mqtt: mqtt ?? "mqtt://127.0.0.1" }, context);
});

export type ExperimentConfig = z.output<typeof experimentConfig>;

/** The run that `deno task dev` makes of it. */
export function devConfigOf(config: ExperimentConfig): DevConfig {
  const {
    out: _out,
    users: _users,
    increaseUsers: _increaseUsers,
    increaseInSeconds: _increaseInSeconds,
    ...rest
  } = config;
  const { totalUsers: households, qos: _qos, ...ofDev } = rest;
  return { ...ofDev, households, replaySpeed: 1, replayFromS: 0, replayLabels: "spells" };
}

/** The ramp, as flags of the simulator. */
export function rampArgs(config: ExperimentConfig): string[] {
  return [
    ...["--users", String(config.users), "--total-users", String(config.totalUsers)],
    ...["--increase-users", String(config.increaseUsers)],
    ...["--increase-in-seconds", String(config.increaseInSeconds)],
    ...["--qos", config.qos],
  ];
}

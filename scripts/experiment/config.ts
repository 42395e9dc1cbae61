/** The flags of `deno task experiment`: the ramp, and those of `deno task dev` that it hands on. */
import { z } from "zod";
import { checkMqttFlags } from "../../shared/mqtt/flags.ts";
import { flag } from "../../shared/service/config.ts";
import { simulatorConfig } from "../../workers/simulator/config.ts";
import { checkConnections, type DevConfig, devConfig } from "../dev/config.ts";
import type { Sample } from "./sampler.ts";

// A ramp in place of households at once, a report of its own, no recordings, no console, and none of
// what learns: the thesis has no such worker.
const { households: _households, durationMs: _durationMs, report: _report, ...withReplay } =
  devConfig.shape;
const {
  replay: _replay,
  replaySpeed: _replaySpeed,
  replayFromS: _replayFromS,
  replayLimitS: _replayLimitS,
  replayLabels: _replayLabels,
  replayGapsS: _replayGapsS,
  timeColumn: _timeColumn,
  powerColumn: _powerColumn,
  deviceColumns: _deviceColumns,
  onThreshold: _onThreshold,
  resample: _resample,
  strict: _strict,
  loop: _loop,
  noDisaggregation: _noDisaggregation,
  homeAssistant: _homeAssistant,
  console: _console,
  noConsole: _noConsole,
  ...ofDev
} = withReplay;
const { qos, increaseInSeconds } = simulatorConfig.shape;

const USERS_MAX = 100_000;
const USERS_AT_START = 100;

export const experimentConfig = z.strictObject({
  out: flag.text().prefault("experiment").describe(
    "Folder for report.html, report.json and the CSV files; it is created",
  ),
  resume: flag.boolean().describe(
    "Go on with the run in --out that was cut; with its flags, where no others are given",
  ),
  bench: flag.text().optional().describe(
    "Files of deno task bench --json, separated by commas: says beside each other what they predict of a " +
      "run with --log kafka:// and what it took",
  ),
  users: flag.integer(1, USERS_MAX).optional().describe(
    `Users at the start; without it ${USERS_AT_START}, or --total-users where that is less`,
  ),
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
  const { totalUsers, increaseUsers, mqtt, mqttPort } = config;
  const users = usersAtStart(config);
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
  if (config.bench !== undefined && !config.log?.startsWith("kafka:")) {
    context.addIssue({
      code: "custom",
      path: ["bench"],
      message: "expected --log kafka://… with it: deno task bench measures the workers on Kafka",
    });
  }
  checkMqttFlags({ ...config, mqtt: mqtt ?? "mqtt://127.0.0.1" }, context);
}).superRefine(checkConnections("totalUsers"));

export type ExperimentConfig = z.output<typeof experimentConfig>;

export function usersAtStart(
  { users, totalUsers }: { readonly users?: number | undefined; readonly totalUsers: number },
): number {
  return users ?? Math.min(USERS_AT_START, totalUsers);
}

/** Where a run that is gone on with stood. */
export type Progress = Pick<Sample, "elapsedS" | "households">;

/** The run that `deno task dev` makes of it, or of the rest of it. */
export function devConfigOf(config: ExperimentConfig, from?: Progress): DevConfig {
  const {
    out: _out,
    resume: _resume,
    bench: _bench,
    users: _users,
    increaseUsers: _increaseUsers,
    increaseInSeconds: _increaseInSeconds,
    ...rest
  } = config;
  const { totalUsers: households, qos: _qos, ...ofDev } = rest;
  const durationMs = Math.max(0, config.durationMs - 1000 * (from?.elapsedS ?? 0));
  const replay = { replaySpeed: 1, replayFromS: 0, replayLabels: "spells" } as const;
  const recordings = { onThreshold: 0, resample: "none", strict: false, loop: false } as const;
  const learning = { noDisaggregation: true, homeAssistant: false } as const;
  const console = { console: undefined, noConsole: true } as const;
  return { ...ofDev, durationMs, households, ...replay, ...recordings, ...learning, ...console };
}

/** The ramp, or the rest of it, as flags of the simulator. */
export function rampArgs(config: ExperimentConfig, from?: Progress): string[] {
  const users = Math.min(config.totalUsers, Math.max(usersAtStart(config), from?.households ?? 0));
  return [
    ...["--users", String(users), "--total-users", String(config.totalUsers)],
    ...["--increase-users", String(config.increaseUsers)],
    ...["--increase-in-seconds", String(config.increaseInSeconds)],
    ...["--qos", config.qos],
  ];
}

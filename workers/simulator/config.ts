/** The settings of the simulator. */
import { z } from "zod";
import { checkMqttFlags, mqttFlags } from "../../shared/mqtt/flags.ts";
import { flag } from "../../shared/service/config.ts";
import { workerFlags } from "../../shared/service/program.ts";

/** In the user name at the broker, stands for the simulated user's own. */
export const USERNAME_PLACEHOLDER = "{username}";

export const simulatorConfig = z.strictObject({
  ...workerFlags,
  ...mqttFlags,
  qos: flag.choice(["0", "1"]).default("1").describe("MQTT quality of service: 0 or 1"),
  users: flag.integer(1, 100_000).prefault("10").describe("Users at the start"),
  increaseUsers: flag.integer(0, 100_000).prefault("0").describe("Users that come with each step"),
  increaseInSeconds: flag.integer(1, 86_400).prefault("5").describe("Seconds between two steps"),
  totalUsers: flag.integer(1, 100_000).optional().describe(
    "Users at the end; without it those at the start",
  ),
  connections: flag.integer(1, 100_000).optional().describe(
    "Connections that the users share; without it one for each user",
  ),
  householdsPerUser: flag.integer(1, 1000).prefault("1").describe("Households of each user"),
  noise: flag.number(0, 1e6).prefault("0").describe(
    "Standard deviation of the noise on the power, W",
  ),
  swapProbability: flag.number(0, 1).prefault("0.05").describe(
    "Share of cycles of which one publication is swapped with its neighbour, 0 to 1",
  ),
  newDeviceProbability: flag.number(0, 1).prefault("0").describe(
    "Share of redraws before which a household buys another device, 0 to 1",
  ),
  offlineProbability: flag.number(0, 1).prefault("0").describe(
    "Share of cycles with which a household goes offline, to come back with a backlog, 0 to 1",
  ),
  offlineTimeS: flag.seconds().prefault("1m").describe("Longest time offline"),
  wrongClocks: flag.number(0, 1).prefault("0").describe(
    "Share of households whose clock is wrong, 0 to 1",
  ),
  wrongClockByS: flag.seconds().prefault("1h").describe("Most by which a clock is ahead or behind"),
  duplicateProbability: flag.number(0, 1).prefault("0").describe(
    "Share of publications that go out twice, 0 to 1",
  ),
  truth: flag.text().optional().describe(
    "File for the states and wattages drawn in each cycle, as JSON lines",
  ),
  seed: flag.integer(0, 2 ** 32 - 1).optional().describe(
    "Makes the random draws repeatable; without it drawn and logged",
  ),
  durationMs: flag.milliseconds().optional().describe("Time after which to drain and end"),
  replay: flag.list().optional().describe(
    "Recordings to publish in place of simulated households, files or folders: PATH…",
  ),
  replaySpeed: flag.number(1, 1e6).prefault("1").describe("Seconds of a recording in a second"),
  replayFromS: flag.seconds().prefault("0s").describe("Where in the recordings to begin"),
  replayLimitS: flag.seconds().optional().describe("How much of the recordings to publish"),
  replayGapsS: flag.seconds().optional().describe(
    "Longest gap that is kept, longer ones are shortened to it; without it all are kept",
  ),
  timeColumn: flag.text().optional().describe("Column of the time, where its name does not say so"),
  powerColumn: flag.text().optional().describe("Column of the total power, W"),
  deviceColumns: flag.text().transform((text) => text.split(",")).optional().describe(
    "Columns or channels of devices, states or watts: NAME[,NAME…]",
  ),
  onThreshold: flag.number(0, 1e6).prefault("10").describe(
    "Watts above which a device counts as on whose watts are recorded",
  ),
  resample: flag.choice(["none", "hold"]).default("none").describe(
    "Coarse recordings at their own pace, or a sample a second: none or hold",
  ),
  strict: flag.boolean().describe("Refuse recordings that would be mended"),
  loop: flag.boolean().describe("Begin again at the end of a recording, at --replay-speed 1"),
  replayLabels: flag.choice(["spells", "all"]).default("spells").describe(
    "Device states in labelled spells only, or of all samples: spells or all",
  ),
}).superRefine(checkMqttFlags).superRefine(checkLoop).superRefine((config, context) => {
  const { users, totalUsers, increaseUsers, connections, mqttUsername } = config;
  const refuse = (message: string) =>
    context.addIssue({ code: "custom", path: ["totalUsers"], message });
  if (connections !== undefined && mqttUsername?.includes(USERNAME_PLACEHOLDER) === true) {
    const message = `expected without --mqtt-username ${mqttUsername}: each user connects then`;
    context.addIssue({ code: "custom", path: ["connections"], message });
  }
  if (totalUsers === undefined && increaseUsers > 0) {
    refuse(`expected with --increase-users ${increaseUsers}`);
  }
  if (totalUsers !== undefined && totalUsers < users) {
    refuse(`expected at least the ${users} of --users, got ${totalUsers}`);
  }
  if (totalUsers !== undefined && totalUsers > users && increaseUsers === 0) {
    refuse(`expected --increase-users to get from ${users} to ${totalUsers}`);
  }
});

/** A second round of what has been sped up would bring old seconds again. */
export function checkLoop(
  { loop, replaySpeed }: { readonly loop: boolean; readonly replaySpeed: number },
  context: z.RefinementCtx,
): void {
  if (!loop || replaySpeed === 1) return;
  const message = `expected with --replay-speed 1, got ${replaySpeed}`;
  context.addIssue({ code: "custom", path: ["loop"], message });
}

export type SimulatorConfig = z.output<typeof simulatorConfig>;

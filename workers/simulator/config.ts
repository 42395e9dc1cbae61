/** The settings of the simulator. */
import { z } from "zod";
import { checkMqttFlags, mqttFlags } from "../../shared/mqtt/flags.ts";
import { flag } from "../../shared/service/config.ts";
import { workerFlags } from "../../shared/service/program.ts";

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
  householdsPerUser: flag.integer(1, 1000).prefault("1").describe("Households of each user"),
  noise: flag.number(0, 1e6).prefault("0").describe(
    "Standard deviation of the noise on the power, W",
  ),
  swapProbability: flag.number(0, 1).prefault("0.05").describe(
    "Share of cycles of which one publication is swapped with its neighbour, 0 to 1",
  ),
  seed: flag.integer(0, 2 ** 32 - 1).optional().describe(
    "Makes the random draws repeatable; without it drawn and logged",
  ),
  durationMs: flag.milliseconds().optional().describe("Time after which to drain and end"),
  replay: flag.text().optional().describe("CSV file to publish in place of simulated households"),
  replaySpeed: flag.number(1, 1e6).prefault("1").describe("Seconds of the file in a second"),
  replayFromS: flag.seconds().prefault("0s").describe("Where in the file to begin"),
  replayLimitS: flag.seconds().optional().describe("How much of the file to publish"),
  replayLabels: flag.choice(["spells", "all"]).default("spells").describe(
    "Device states in labelled spells only, or of all samples: spells or all",
  ),
}).superRefine(checkMqttFlags).superRefine((config, context) => {
  const { users, totalUsers, increaseUsers } = config;
  const refuse = (message: string) =>
    context.addIssue({ code: "custom", path: ["totalUsers"], message });
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

export type SimulatorConfig = z.output<typeof simulatorConfig>;

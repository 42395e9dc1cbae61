/** The flags of `deno task soak`. */
import { z } from "zod";
import { flag } from "../../shared/service/config.ts";

export const soakConfig = z.strictObject({
  minutes: flag.number(0, 100_000).prefault("10").describe(
    "How long faults are injected; the one under way is finished",
  ),
  rounds: flag.integer(1).optional().describe(
    "Ends earlier: after so many rounds, in each of which every kind of fault comes once",
  ),
  seed: flag.integer(0, 2 ** 32 - 1).optional().describe(
    "Makes faults, targets and pauses repeatable; without it drawn and printed",
  ),
  households: flag.integer(1, 10_000).prefault("200").describe("Simulated households"),
  brokers: flag.choice(["1", "3"]).default("1").describe("Brokers of Kafka: 1 or 3"),
  replicas: flag.integer(1, 10).prefault("2").describe(
    "Replicas of each of the stream workers at the start",
  ),
  partitions: flag.integer(1, 1000).prefault("10").describe("Partitions of the topics"),
  pauseMs: flag.milliseconds().prefault("5s").describe(
    "Mean of the pauses between faults, which are distributed exponentially",
  ),
  sessionTimeoutMs: flag.milliseconds().prefault("6s").describe(
    "Session timeout of the workers' groups",
  ),
  folder: flag.text().optional().describe(
    "Folder that keeps logs and data; without it a temporary one, kept where something is wrong",
  ),
  json: flag.text().optional().describe("File for faults and figures, as JSON"),
});

export type SoakConfig = z.output<typeof soakConfig>;

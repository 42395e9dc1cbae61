/** The flags of `deno task bench`, and which of its parts they ask for. */
import { z } from "zod";
import { flag } from "../../shared/service/config.ts";

export const benchConfig = z.strictObject({
  log: flag.choice(["none", "sqlite", "kafka"]).default("none").describe(
    "none: the pure cores alone; sqlite: whole workers too, on a file; kafka: on a broker that is started",
  ),
  peers: flag.boolean().describe(
    "The same jobs by Kafka Streams, Flink and a program by hand in Go, in turn with ours",
  ),
  faults: flag.boolean().describe(
    "What ours and the peers lose or invent when readings are late, a clock is wrong, they are killed, " +
      "or everyone was away",
  ),
  bridge: flag.boolean().describe(
    "The bridge alone, from Mosquitto to Kafka, on brokers that are started for it",
  ),
  recovery: flag.boolean().describe(
    "How long a worker takes to be back instead: with --households of them, and with ten times as many",
  ),
  scale: flag.boolean().describe(
    "1, 2 and 4 replicas, each with a load of its own; and up to 100,000 households",
  ),
  plan: flag.boolean().describe(
    "All that deno task experiment --plan needs: cores, workers on Kafka, also with 20,000 households, " +
      "the bridge, and --steady",
  ),
  steady: flag.boolean().describe(
    "What bridge, predictions and training take while up to 4,000 households publish, on Mosquitto and Kafka",
  ),
  metrics: flag.boolean().describe(
    "What metrics cost, on SQLite and on Kafka: both jobs with them and without, in turn; and a " +
      "scrape at 10,000 households",
  ),
  loop: flag.boolean().describe(
    "How late the event loop of a worker that is behind gives turns, on SQLite and on Kafka: with " +
      "--households of them, and with ten times as many",
  ),
  profile: flag.boolean().describe(
    "What the cost of a reading is made of, for each job: µs by stage",
  ),
  readings: flag.integer(1000).prefault("1000000").describe("Readings of the load"),
  households: flag.integer(1).prefault("400").describe("Households of the load"),
  runs: flag.integer(1, 100).prefault("3").describe("Runs of each job; the median is reported"),
  traceSample: flag.number(0, 1).prefault("0").describe(
    "With --log kafka: the same beside it with this share of the records traced",
  ),
  json: flag.text().optional().describe(
    "File that takes all figures as JSON, and their ratios; without a choice above it also has " +
      "all that --plan and --peers have measured",
  ),
  compare: flag.text().optional().describe(
    "History, a line of JSON a run: says what has become worse than it was, and takes this run",
  ),
});

export type BenchConfig = z.output<typeof benchConfig>;

export type Part =
  | "cores"
  | "embedded"
  | "workers"
  | "peers"
  | "faults"
  | "bridge"
  | "recovery"
  | "scale"
  | "households"
  | "steady"
  | "metrics"
  | "loop"
  | "profile";

/** What is measured. */
export function partsOf(
  { log, json, ...chosen }: BenchConfig,
): Set<Part> {
  const { peers, faults, bridge, recovery, scale, plan, steady, metrics, loop, profile } = chosen;
  const named: Part[] = [];
  if (plan) named.push("cores", "workers", "bridge", "steady", "households");
  if (peers) named.push("peers");
  if (faults) named.push("faults");
  if (bridge) named.push("bridge");
  if (recovery) named.push("recovery");
  if (scale) named.push("scale");
  if (steady) named.push("steady");
  if (metrics) named.push("metrics");
  if (loop) named.push("loop");
  if (profile) named.push("profile");
  if (named.length > 0) return new Set(named);
  if (log === "kafka") return new Set(["cores", "workers"]);
  if (log === "sqlite") return new Set(["cores", "embedded"]);
  // All that ratios and a plan need; the peers' part measures our workers too.
  return new Set(
    json === undefined ? ["cores"] : ["cores", "peers", "bridge", "steady", "households"],
  );
}

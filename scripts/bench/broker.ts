/** The inputs of a benchmark, and what is removed between its runs. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { Admin } from "@platformatic/kafka";
import type { Log, NewRecord } from "../../shared/log/log.ts";
import { type Kafka, startKafka } from "../../shared/services/kafka.ts";
import { wattstreamTopics } from "../../shared/topics.ts";
import type { LoadRecord } from "./household_load.ts";
import { JOBS } from "./jobs.ts";

/** Event time that is appended at once: less than the lateness, which append order must keep. */
const FILL_SPAN_S = 2;

/** Where the log is: a broker, or a file. */
export type LogPlace = Pick<Kafka, "url">;

/** `host:port` of a broker. */
export function addressOf({ url }: LogPlace): string {
  return new URL(url).host;
}

/** Creates the topics and appends a load that is in the order of time. Returns its size by topic. */
export async function fillInputs(
  log: Log,
  load: Iterable<LoadRecord & NewRecord>,
  partitions?: number,
): Promise<Record<string, number>> {
  await log.createTopics(wattstreamTopics(partitions));
  const counts: Record<string, number> = {};
  const appender = log.appender();
  let batch: NewRecord[] = [];
  let nextFlushS = 0;
  for (const record of load) {
    if (record.timestamp >= nextFlushS) {
      await appender.append(batch);
      batch = [];
      nextFlushS = record.timestamp + FILL_SPAN_S;
    }
    batch.push(record);
    counts[record.topic] = (counts[record.topic] ?? 0) + 1;
  }
  await appender.append(batch);
  await appender.close();
  return counts;
}

/** Removes every topic but these, and what our workers have committed. Nobody may be running. */
export async function removeAllBut(place: LogPlace, kept: readonly string[]): Promise<void> {
  const admin = new Admin({
    clientId: "wattstream-bench",
    bootstrapBrokers: [addressOf(place)],
    retries: 10,
    retryDelay: 200,
  });
  try {
    const topics = (await admin.listTopics()).filter((topic) => !kept.includes(topic));
    if (topics.length > 0) await admin.deleteTopics({ topics });
    // Those of peers have names of their own, and members that have left without a word.
    const workers: readonly string[] = Object.values(JOBS).map(({ worker }) => worker);
    const groups = [...(await admin.listGroups()).keys()].filter((name) => workers.includes(name));
    if (groups.length > 0) await admin.deleteGroups({ groups });
  } finally {
    await admin.close();
  }
}

/** A new file, for as long as `run` takes. */
export async function withLogFile<T>(run: (place: LogPlace) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(`${tmpdir()}/wattstream-bench-`);
  try {
    return await run({ url: `sqlite:${folder}/log.db` });
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** A broker that is started for it, for as long as `run` takes. */
export async function withKafka<T>(run: (kafka: Kafka) => Promise<T>): Promise<T> {
  const kafka = await startKafka({ optimized: true });
  try {
    return await run(kafka);
  } finally {
    await kafka.stop();
  }
}

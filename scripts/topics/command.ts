/** The commands of `deno task topics`: which there are, and what they print. */
import { WattstreamError } from "../../shared/errors.ts";
import type { Log } from "../../shared/log/log.ts";
import { checkSqliteFile, salvageSqliteFile } from "../../shared/log/sqlite/salvage.ts";
import { command, runCommand } from "../../shared/service/commands.ts";
import type { ConfigSource } from "../../shared/service/config.ts";
import { print, printableLine, writeOut } from "../../shared/service/terminal.ts";
import {
  DISAGGREGATED_TOPIC,
  DISAGGREGATION_GROUP,
  PUBLISHER_GROUP,
  wattstreamTopics,
} from "../../shared/topics.ts";
import { readDeviceNames } from "../datasets/device_names.ts";
import { existingFileOf, PLACE_NOTE, withExistingLog, withLog } from "../log_place.ts";
import { disaggregationCore } from "../../workers/disaggregation/core.ts";
import { publisherCore } from "../../workers/publisher/core.ts";
import { predictionsCore } from "../../workers/predictions/core.ts";
import { trainingCore } from "../../workers/training/core.ts";
import {
  checkConfig,
  createConfig,
  type GrowConfig,
  growConfig,
  listConfig,
  readConfig,
  salvageConfig,
} from "./config.ts";
import { grow, type GrowParts } from "./grow/grow.ts";
import { listTopics, renderTopics } from "./list.ts";
import { namedDevices } from "./named_devices.ts";
import { readTopic } from "./read.ts";
import { retentionOf } from "../retention.ts";
import { quoted } from "../../shared/service/secrets.ts";

/** Runs one command and returns the exit code: 0 done, 1 failed, 2 bad usage. */
export function runTopics(source: ConfigSource): Promise<number> {
  return runCommand({
    name: "topics",
    summary: "a look into the log",
    notes: PLACE_NOTE,
    commands: { create, grow: growTopics, list, read, check, salvage },
  }, source);
}

const create = command({
  summary: "creates the topics that do not exist yet; existing ones stay as they are",
  config: createConfig,
  run: (config) =>
    withLog(config, async (log) => {
      const before = new Set((await log.describe()).map(({ name }) => name));
      const topics = wattstreamTopics(config.partitions, retentionOf(config));
      await log.createTopics(topics);
      for (const { name } of topics) {
        print(`${name}: ${before.has(name) ? "is there already" : "created"}`);
      }
    }),
});

const growTopics = command({
  summary: "gives every topic more partitions; bridges, producers and workers are stopped",
  config: growConfig,
  run: (config) =>
    withExistingLog(config, async (log) =>
      await grow({
        log,
        partitions: config.partitions,
        cores: await coresOf(config, log),
        settings: config,
        nowMs: Date.now,
        report: print,
      })),
});

/** The workers to close: disaggregation and publisher where they have ever run. */
async function coresOf(config: GrowConfig, log: Log): Promise<GrowParts["cores"]> {
  const hasRun = async (group: string) => (await log.groupOffsets(group)).size > 0;
  return [
    predictionsCore(config),
    trainingCore(config),
    ...(await hasRun(DISAGGREGATION_GROUP) ? [disaggregationCore()] : []),
    ...(await hasRun(PUBLISHER_GROUP) ? [publisherCore()] : []),
  ] as unknown as GrowParts["cores"];
}

const list = command({
  summary:
    "every topic: partitions, records, bytes, how far workers lag behind, what they still need",
  config: listConfig,
  run: (config) =>
    withExistingLog(config, async (log) => {
      const rows = await listTopics(log);
      if (!config.json) print(renderTopics(rows));
      else for (const row of rows) print(JSON.stringify(row));
    }),
});

const read = command({
  summary: "the committed records of a topic",
  positionals: ["TOPIC"],
  config: readConfig,
  async run(config, topic) {
    const stop = new AbortController();
    const onSignal = () => stop.abort();
    const signals = ["SIGINT", "SIGTERM"] as const;
    for (const name of signals) Deno.addSignalListener(name, onSignal);
    try {
      await withExistingLog(config, async (log) => {
        await requireTopic(log, topic!);
        const isAnswer = topic === DISAGGREGATED_TOPIC && !config.json;
        const explain = isAnswer ? namedDevices(await readDeviceNames(log)) : undefined;
        await readTopic(log, topic!, config, { write: writeOut, signal: stop.signal, explain });
      });
    } finally {
      for (const name of signals) Deno.removeSignalListener(name, onSignal);
    }
  },
});

const check = command({
  summary: "whether the file of a log on SQLite is whole; reads all of it",
  config: checkConfig,
  run(config) {
    const path = existingFileOf(config);
    const problems = checkSqliteFile(path);
    for (const problem of problems) print(printableLine(problem));
    print(
      problems.length === 0
        ? `whole: ${path}`
        : `damaged: ${path}: stop what uses it, and copy what can be read with topics salvage`,
    );
    return Promise.resolve(problems.length === 0 ? 0 : 1);
  },
});

const salvage = command({
  summary: "copies what can be read of a damaged log file into a new one; nothing may use it",
  positionals: ["OLD", "NEW"],
  config: salvageConfig,
  async run(_config, oldPath, newPath) {
    const { partitions, incomplete } = await salvageSqliteFile(oldPath!, newPath!);
    for (const { topic, partition, copied, lost } of partitions) {
      const figures = `${copied.toLocaleString("en")} copied, ${lost.toLocaleString("en")} lost`;
      print(printableLine(`${topic}/${partition}: ${figures}`));
    }
    for (const table of incomplete) print(`${table}: could not be read: workers begin anew`);
    const isWhole = incomplete.length === 0 && partitions.every(({ lost }) => lost === 0);
    print(isWhole ? "nothing is lost" : "what is not lost is in the new file, at the same offsets");
  },
});

async function requireTopic(log: Log, topic: string): Promise<void> {
  const names = (await log.describe()).map(({ name }) => name);
  if (names.includes(topic)) return;
  throw new WattstreamError(
    "topic",
    `Name a topic that is there (${names.join(", ") || "there is none"}), got ${quoted(topic)}`,
  );
}

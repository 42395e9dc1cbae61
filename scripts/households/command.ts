/** The commands of `deno task households`: which there are, and what they print. */
import { existsSync } from "node:fs";
import { eraseFromSqliteFile } from "../../shared/log/sqlite/erase.ts";
import { brokerAddress } from "../../shared/mqtt/flags.ts";
import { command, runCommand } from "../../shared/service/commands.ts";
import type { ConfigSource } from "../../shared/service/config.ts";
import { print, printableLine } from "../../shared/service/terminal.ts";
import { DATASET_TOPIC } from "../../shared/topics.ts";
import { existingFileOf, isFile, PLACE_NOTE, withExistingLog } from "../log_place.ts";
import { type EraseConfig, eraseConfig } from "./config.ts";
import { bury, type Left } from "./erase_kafka.ts";
import { rewriteDatasets } from "./rewrite_datasets.ts";
import { takeBackAnswers } from "./erase_answers.ts";
import { eraseFromState } from "./erase_spools.ts";
import { Whose } from "./whose.ts";

/** Runs one command and returns the exit code: 0 done, 1 failed, 2 bad usage. */
export function runHouseholds(source: ConfigSource): Promise<number> {
  return runCommand({
    name: "households",
    summary: "what becomes of one household's records",
    notes: PLACE_NOTE,
    commands: { erase },
  }, source);
}

const erase = command({
  summary: "removes all there is of a household; bridges, gateways and workers are stopped",
  config: eraseConfig,
  async run(config) {
    const whose = new Whose(
      { username: config.user, client_id: config.clientId },
      config.mqttTopics,
    );
    for (const folder of statesOf(config)) {
      const count = eraseFromState(folder, whose);
      print(printableLine(`${folder}: ${count.toLocaleString("en")} messages erased`));
    }
    if (isFile(config)) await eraseFile(config, whose);
    else await buryOnKafka(config, whose);
    if (config.mqtt !== undefined) await takeBack({ ...config, mqtt: config.mqtt });
  },
});

async function takeBack(config: EraseConfig & { readonly mqtt: string }): Promise<void> {
  const household = { username: config.user, client_id: config.clientId };
  const count = await takeBackAnswers(config, household);
  print(`${brokerAddress(config.mqtt)}: ${count} retained messages taken back`);
}

/** Those that are named, and that of the bridge of `deno task dev`. */
function statesOf({ data, state = [] }: EraseConfig): readonly string[] {
  const ofDev = `${data}/bridge`;
  return data !== undefined && existsSync(ofDev) ? [ofDev, ...state] : state;
}

async function eraseFile(config: EraseConfig, whose: Whose): Promise<void> {
  const path = existingFileOf(config);
  const { records, memories } = await eraseFromSqliteFile(path, whose);
  for (const [topic, count] of records) print(`${topic}: ${count.toLocaleString("en")} erased`);
  print(`memories: ${memories} erased`);
  print(printableLine(`nothing of ${whose.name} is left in ${path}`));
}

async function buryOnKafka(config: EraseConfig, whose: Whose): Promise<void> {
  if (config.rewrite && config.log !== undefined) {
    await rewriteDatasets(config.log, whose, config, (line) => print(printableLine(line)));
  }
  await withExistingLog(config, async (log) => {
    const { tombstones, left } = await bury(log, whose);
    print(
      tombstones === 0
        ? "compacted topics: nothing is left"
        : `compacted topics: ${tombstones} tombstones; run it again in an hour, until nothing is left`,
    );
    for (const each of left) print(printableLine(leftLine(each)));
  });
}

/** What is left of the household in a topic, and until when. */
function leftLine({ topic, count, newestMs, diskMsMax }: Left): string {
  const newest = `${topic}: ${count.toLocaleString("en")} left, the newest of ${timeOf(newestMs)}`;
  if (diskMsMax === undefined) return `${newest}: the topic is compacted, and not ours`;
  return diskMsMax === Infinity
    ? `${newest}: kept for ever${adviceOf(topic)}`
    : `${newest}: off the brokers' disks by ${timeOf(newestMs + diskMsMax)}`;
}

function adviceOf(topic: string): string {
  return topic === DATASET_TOPIC ? ", unless you add --rewrite" : "";
}

function timeOf(ms: number): string {
  return new Date(ms).toISOString();
}

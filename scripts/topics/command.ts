/** The commands of `deno task topics`: which there are, and what they print. */
// deno-lint-ignore-file no-console -- what a command says is this module's to print.
import { WattstreamError } from "../../shared/errors.ts";
import type { Log } from "../../shared/log/log.ts";
import { type LogOptions, openLog } from "../../shared/log/open.ts";
import { runCommand } from "../../shared/service/commands.ts";
import type { ConfigSource } from "../../shared/service/config.ts";
import { parseOrExplain } from "../../shared/service/program.ts";
import { wattstreamTopics } from "../../shared/topics.ts";
import {
  createConfig,
  listConfig,
  type LogPlace,
  logUrlOf,
  readConfig,
  requireLog,
} from "./config.ts";
import { listTopics, renderTopics } from "./list.ts";
import { readTopic } from "./read.ts";

const USAGE = `topics: a look into the log

Usage: deno task topics create | list | read TOPIC [flags]

  create  creates the topics that do not exist yet
  list    every topic: partitions, records, bytes, and how far the workers lag behind
  read    the records of a topic

Each has its own --help. The log is --log URL, or WATTSTREAM_LOG, or --data DIR of deno task dev.`;

/** Runs one command and returns the exit code: 0 done, 1 failed, 2 bad usage. */
export function runTopics(source: ConfigSource): Promise<number> {
  return runCommand({ name: "topics", usage: USAGE, commands: { create, list, read } }, source);
}

async function create(source: ConfigSource): Promise<number> {
  const parsed = parseOrExplain({
    name: "topics create",
    summary: "creates the topics that do not exist yet; existing ones stay as they are",
    config: createConfig,
  }, source);
  if (typeof parsed === "number") return parsed;
  const { config } = parsed;
  await withLog(await openLog(logUrlOf(config), config), async (log) => {
    const before = new Set((await log.describe()).map(({ name }) => name));
    const topics = wattstreamTopics(config.partitions);
    await log.createTopics(topics);
    for (const { name } of topics) {
      console.log(`${name}: ${before.has(name) ? "is there already" : "created"}`);
    }
  });
  return 0;
}

async function list(source: ConfigSource): Promise<number> {
  const parsed = parseOrExplain({
    name: "topics list",
    summary: "every topic: partitions, records, bytes, and how far the workers lag behind",
    config: listConfig,
  }, source);
  if (typeof parsed === "number") return parsed;
  const { config } = parsed;
  await withLog(await openExisting(config), async (log) => {
    const rows = await listTopics(log);
    if (!config.json) console.log(renderTopics(rows));
    else for (const row of rows) console.log(JSON.stringify(row));
  });
  return 0;
}

async function read(source: ConfigSource): Promise<number> {
  const parsed = parseOrExplain({
    name: "topics read",
    summary: "the committed records of a topic",
    usage: "deno task topics read TOPIC [flags]",
    config: readConfig,
    positionals: true,
  }, source);
  if (typeof parsed === "number") return parsed;
  const { config, positionals } = parsed;
  const [topic] = positionals;
  if (topic === undefined || positionals.length > 1) {
    console.error(`topics read: expected one topic, got ${positionals.join(" ") || "none"}`);
    return 2;
  }
  const stop = new AbortController();
  const onSignal = () => stop.abort();
  const signals = ["SIGINT", "SIGTERM"] as const;
  for (const name of signals) Deno.addSignalListener(name, onSignal);
  try {
    await withLog(await openExisting(config), async (log) => {
      await requireTopic(log, topic);
      await readTopic(log, topic, config, { write: writeOut, signal: stop.signal });
    });
  } catch (error) {
    // Whoever read our output (head, say) has seen enough.
    if (!(error instanceof Deno.errors.BrokenPipe)) throw error;
  } finally {
    for (const name of signals) Deno.removeSignalListener(name, onSignal);
  }
  return 0;
}

async function openExisting(config: LogPlace & LogOptions): Promise<Log> {
  const url = logUrlOf(config);
  requireLog(url);
  return await openLog(url, config);
}

async function requireTopic(log: Log, topic: string): Promise<void> {
  const names = (await log.describe()).map(({ name }) => name);
  if (names.includes(topic)) return;
  throw new WattstreamError(
    "topic",
    `Name a topic that is there (${names.join(", ") || "there is none"}), got "${topic}"`,
  );
}

async function withLog(log: Log, use: (log: Log) => Promise<void>): Promise<void> {
  try {
    await use(log);
  } finally {
    await log.close();
  }
}

async function writeOut(text: string): Promise<void> {
  const bytes = new TextEncoder().encode(text);
  for (let written = 0; written < bytes.length;) {
    written += await Deno.stdout.write(bytes.subarray(written));
  }
}

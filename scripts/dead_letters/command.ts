/** The commands of `deno task dead-letters`: which there are, and what they print. */
// deno-lint-ignore-file no-console -- what a command says is this module's to print.
import type { Log } from "../../shared/log/log.ts";
import { type LogOptions, openLog } from "../../shared/log/open.ts";
import { runCommand } from "../../shared/service/commands.ts";
import type { ConfigSource } from "../../shared/service/config.ts";
import { parseOrExplain } from "../../shared/service/program.ts";
import { type LogPlace, logUrlOf, requireLog } from "../topics/config.ts";
import {
  listConfig,
  type ReplayConfig,
  replayConfig,
  type ShowConfig,
  showConfig,
} from "./config.ts";
import { kindsOf, type PlacedLetter, readLetters } from "./letters.ts";
import { dryReplay, replay } from "./replay.ts";

const USAGE = `dead-letters: what was refused, and a second chance for it

Usage: deno task dead-letters list | show | replay [flags]

  list    how many letters there are of each kind, and when the latest came
  show    the letters, with their payloads as they came
  replay  judges them again and appends what is valid now, each at most once

Each has its own --help. The log is --log URL, or WATTSTREAM_LOG, or --data DIR of deno task dev.`;

/** Runs one command and returns the exit code: 0 done, 1 failed, 2 bad usage. */
export function runDeadLetters(source: ConfigSource): Promise<number> {
  const commands = { list, show, replay: replayAll };
  return runCommand({ name: "dead-letters", usage: USAGE, commands }, source);
}

async function list(source: ConfigSource): Promise<number> {
  const parsed = parseOrExplain({
    name: "dead-letters list",
    summary: "how many letters there are of each kind, and when the latest came",
    config: listConfig,
  }, source);
  if (typeof parsed === "number") return parsed;
  await withLog(parsed.config, async (log) => {
    for (const kind of await kindsOf(readLetters(log))) {
      const { reason, source, error, count, latest_ms } = kind;
      const latest = new Date(latest_ms).toISOString();
      console.log(
        parsed.config.json
          ? JSON.stringify(kind)
          : `${String(count).padStart(8)}  ${reason}  ${source}  latest ${latest}  ${error}`,
      );
    }
  });
  return 0;
}

async function show(source: ConfigSource): Promise<number> {
  const parsed = parseOrExplain({
    name: "dead-letters show",
    summary: "the letters, with their payloads as they came",
    config: showConfig,
  }, source);
  if (typeof parsed === "number") return parsed;
  const config = parsed.config as ShowConfig;
  await withLog(config, async (log) => {
    let shown = 0;
    for await (const placed of readLetters(log)) {
      if (config.reason !== undefined && !config.reason.includes(placed.letter.reason)) continue;
      console.log(config.json ? JSON.stringify(flat(placed)) : textOfLetter(placed));
      if (++shown >= (config.limit ?? Infinity)) break;
    }
  });
  return 0;
}

async function replayAll(source: ConfigSource): Promise<number> {
  const parsed = parseOrExplain({
    name: "dead-letters replay",
    summary: "judges dead letters again and appends what is valid now, each at most once",
    config: replayConfig,
  }, source);
  if (typeof parsed === "number") return parsed;
  const config = parsed.config as ReplayConfig;
  await withLog(config, async (log) => {
    const { reason: reasons, fix: fixes = [], mqttTopics: layout, dryRun } = config;
    const figures = await (dryRun ? dryReplay : replay)(log, { reasons, fixes, layout });
    console.log(`${dryRun ? "would be replayed" : "replayed"}: ${figures.replayed}`);
    console.log(`replayed before: ${figures.already}`);
    for (const [kind, count] of figures.refused) console.log(`refused again: ${count}  ${kind}`);
  });
  return 0;
}

/** Where the letter stands, and the letter. */
function flat({ partition, offset, letter }: PlacedLetter) {
  return { place: { partition, offset }, ...letter };
}

function textOfLetter({ partition, offset, letter }: PlacedLetter): string {
  const { reason, source, error, topic, payload, payload_encoding, received_at } = letter;
  return [
    `${new Date(received_at).toISOString()}  ${reason}  ${source}  ${partition}@${offset}`,
    `  ${error}`,
    `  ${topic}${letter.offset === undefined ? "" : ` ${letter.partition}@${letter.offset}`}`,
    `  ${payload_encoding === undefined ? "" : `${payload_encoding}: `}${payload}`,
  ].join("\n");
}

async function withLog(
  config: LogPlace & LogOptions,
  use: (log: Log) => Promise<void>,
): Promise<void> {
  const url = logUrlOf(config);
  requireLog(url);
  const log = await openLog(url, config);
  try {
    await use(log);
  } finally {
    await log.close();
  }
}

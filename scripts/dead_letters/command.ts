/** The commands of `deno task dead-letters`: which there are, and what they print. */
import { command, runCommand } from "../../shared/service/commands.ts";
import type { ConfigSource } from "../../shared/service/config.ts";
import { print, printableLine } from "../../shared/service/terminal.ts";
import { PLACE_NOTE, withExistingLog } from "../log_place.ts";
import { listConfig, replayConfig, showConfig } from "./config.ts";
import { kindsOf, type LetterKind, type PlacedLetter, readLetters } from "./letters.ts";
import { dryReplay, replay } from "./replay.ts";

/** Runs one command and returns the exit code: 0 done, 1 failed, 2 bad usage. */
export function runDeadLetters(source: ConfigSource): Promise<number> {
  return runCommand({
    name: "dead-letters",
    summary: "what was refused, and a second chance for it",
    notes: PLACE_NOTE,
    commands: { list, show, replay: replayAll },
  }, source);
}

const list = command({
  summary: "how many letters there are of each kind, and when the latest came",
  config: listConfig,
  run: (config) =>
    withExistingLog(config, async (log) => {
      for (const kind of await kindsOf(readLetters(log))) {
        print(config.json ? JSON.stringify(kind) : textOfKind(kind));
      }
    }),
});

const show = command({
  summary: "the letters, with their payloads as they came",
  config: showConfig,
  run: (config) =>
    withExistingLog(config, async (log) => {
      let shown = 0;
      for await (const placed of readLetters(log)) {
        if (config.reason !== undefined && !config.reason.includes(placed.letter.reason)) continue;
        print(config.json ? JSON.stringify(flat(placed)) : textOfLetter(placed));
        if (++shown >= (config.limit ?? Infinity)) break;
      }
    }),
});

const replayAll = command({
  summary: "judges letters again and appends what is valid now, each at most once",
  config: replayConfig,
  run: (config) =>
    withExistingLog(config, async (log) => {
      const { reason: reasons, fix: fixes = [], mqttTopics: layout, dryRun } = config;
      const figures = await (dryRun ? dryReplay : replay)(log, { reasons, fixes, layout });
      print(`${dryRun ? "would be replayed" : "replayed"}: ${figures.replayed}`);
      print(`replayed before: ${figures.already}`);
      for (const [kind, count] of figures.refused) {
        print(`refused again: ${count}  ${printableLine(kind)}`);
      }
    }),
});

/** Where the letter stands, and the letter. */
function flat({ partition, offset, letter }: PlacedLetter) {
  return { place: { partition, offset }, ...letter };
}

function textOfKind({ reason, source, error, count, latest_ms }: LetterKind): string {
  const latest = timeText(latest_ms);
  return printableLine(
    `${String(count).padStart(8)}  ${reason}  ${source}  latest ${latest}  ${error}`,
  );
}

function textOfLetter({ partition, offset, letter }: PlacedLetter): string {
  const { reason, source, error, topic, payload, payload_encoding, received_at } = letter;
  return [
    `${timeText(received_at)}  ${reason}  ${source}  ${partition}@${offset}`,
    `  ${error}`,
    `  ${topic}${letter.offset === undefined ? "" : ` ${letter.partition}@${letter.offset}`}`,
    `  ${payload_encoding === undefined ? "" : `${payload_encoding}: `}${payload}`,
  ].map(printableLine).join("\n");
}

/** Whatever number a letter gives for it. */
function timeText(ms: number): string {
  const time = new Date(ms);
  return Number.isNaN(time.getTime()) ? `${ms} ms` : time.toISOString();
}

/** The commands of `deno task dead-letters`: which there are, and what they print. */
import { command, runCommand } from "../../shared/service/commands.ts";
import type { ConfigSource } from "../../shared/service/config.ts";
import { print, printableLine, printError } from "../../shared/service/terminal.ts";
import type { Log } from "../../shared/log/log.ts";
import { PLACE_NOTE, withExistingLog } from "../log_place.ts";
import { listConfig, reasonsOf, replayConfig, showConfig } from "./config.ts";
import { householdsOf, type LetterHousehold } from "../../shared/dead_letters/households.ts";
import {
  kindsOf,
  type LetterKind,
  type PlacedLetter,
  readLetters,
} from "../../shared/dead_letters/letters.ts";
import { dryReplay, replay } from "../../shared/dead_letters/replay.ts";

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
      if (config.by === "household") return await printHouseholds(log, config.json);
      const kinds = await kindsOf(readLetters(log));
      if (kinds.length === 0) printError("There are no dead letters");
      for (const kind of kinds) {
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
      if (shown === 0) printError("There are no such dead letters");
    }),
});

const replayAll = command({
  summary: "judges letters again and appends what is valid now, each at most once",
  config: replayConfig,
  run: (config) =>
    withExistingLog(config, async (log) => {
      const { fix: fixes = [], mqttTopics: layout, household, dryRun } = config;
      const options = { reasons: reasonsOf(config), fixes, layout, household };
      const figures = await (dryRun ? dryReplay : replay)(log, options);
      print(`${dryRun ? "would be replayed" : "replayed"}: ${figures.replayed}`);
      print(`replayed before: ${figures.already}`);
      for (const [kind, count] of figures.refused) {
        print(`refused again: ${count}  ${printableLine(kind)}`);
      }
    }),
});

async function printHouseholds(log: Log, asJson: boolean): Promise<void> {
  for (const each of await householdsOf(readLetters(log))) {
    print(asJson ? JSON.stringify(each) : textOfHousehold(each));
  }
}

function textOfHousehold({ household, count, reasons, clock_s }: LetterHousehold): string {
  const parts = Object.entries(reasons).map(([reason, each]) => `${each} ${reason}`);
  const clock = clock_s === undefined
    ? ""
    : `  clock ${Math.abs(clock_s)} s ${clock_s > 0 ? "ahead" : "behind"}`;
  return printableLine(
    `${String(count).padStart(8)}  ${household ?? "(no household)"}  ${parts.join(", ")}${clock}`,
  );
}

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

/** What the commands print of a log that somebody filled to steer terminals. */
import fc from "fast-check";
import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { encodeDeadLetter } from "../../shared/events.ts";
import type { NewRecord } from "../../shared/log/log.ts";
import { openLog } from "../../shared/log/open.ts";
import { unprintableIn } from "../../shared/testing/unprintable.ts";
import {
  DATASET_TOPIC,
  DEAD_LETTER_TOPIC,
  POWER_TOPIC,
  wattstreamTopics,
} from "../../shared/topics.ts";

const RECORDS = 200;
const NASTY = [
  "\x1b]0;owned\x07\x1b[2J",
  "\x9b2J\x85",
  "line\nNOT CORRECT: forged\r\n",
  "user\u202eresu\u2066",
  "\x7f\x08\x08\u200b\u2028",
];

/** Texts full of what a terminal obeys; the same in each run. */
const texts = [
  ...NASTY,
  ...fc.sample(
    fc.array(fc.oneof(fc.constantFrom(...NASTY), fc.string({ unit: "binary" })), { maxLength: 4 })
      .map((parts) => parts.join("").toWellFormed()),
    { numRuns: RECORDS - NASTY.length, seed: 11 },
  ),
];

/** Those that a user can have as a name. */
const names = texts.filter((text) => text.length >= 1 && text.length <= 256);

function datasetOf(username: string): string {
  const lists = { timestamps: [1], consumption: [1], state_bitmaps: [[true]] };
  return JSON.stringify({
    client_id: "home",
    username,
    session_start: 1,
    session_end: 1,
    ...lists,
  });
}

async function withNastyLog(run: (url: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  const url = `sqlite:${folder}/log.db`;
  const log = await openLog(url);
  try {
    await log.createTopics(wattstreamTopics(2));
    const letters = texts.map((text, index) => {
      const place = { reason: "invalid", source: text, error: text, topic: text } as const;
      return encodeDeadLetter({ ...place, received_at: index }, new TextEncoder().encode(text));
    });
    const records: NewRecord[] = texts.flatMap((text, index) => [
      { topic: POWER_TOPIC, key: text, value: text, headers: { [`name ${text}`]: text } },
      { topic: DEAD_LETTER_TOPIC, key: text, value: letters[index]! },
      { topic: DATASET_TOPIC, key: text, value: datasetOf(text) },
    ]);
    await log.createTopics([{ name: "other\x1b[2J\n\u202e", partitions: 1 }]);
    const appender = log.appender();
    await appender.append(records);
    await appender.close();
    await log.close();
    await run(url);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

interface Output {
  readonly code: number;
  /** Lines of standard output. */
  readonly lines: readonly string[];
  readonly errors: string;
}

/** Runs a script with these arguments; whatever it prints steers no terminal. */
async function outputOf(script: string, ...args: string[]): Promise<Output> {
  const path = fileURLToPath(new URL(`../../scripts/${script}.ts`, import.meta.url));
  const output = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--quiet", path, ...args],
    env: { NO_COLOR: "1" },
  }).output();
  const decoder = new TextDecoder("utf-8", { fatal: true });
  const [out, errors] = [decoder.decode(output.stdout), decoder.decode(output.stderr)];
  for (const text of [out, errors]) {
    assert.deepEqual(unprintableIn(text.replaceAll("\n", "")), [], `${script} ${args.join(" ")}`);
  }
  return { code: output.code, lines: out.split("\n").slice(0, -1), errors };
}

Deno.test("topics, dead-letters and datasets print a nasty log without a control character", () =>
  withNastyLog(async (url) => {
    const log = ["--log", url];
    const read = await outputOf("topics", "read", POWER_TOPIC, "--from-beginning", ...log);
    assert.deepEqual([read.code, read.lines.length], [0, RECORDS]);
    const json = await outputOf(
      "topics",
      "read",
      POWER_TOPIC,
      "--from-beginning",
      "--json",
      ...log,
    );
    const values = json.lines.map((line) => JSON.parse(line).value as string);
    assert.deepEqual(values.sort(), texts.toSorted(), "the JSON says what is in the log");
    const topics = await outputOf("topics", "list", ...log);
    assert.equal(topics.lines.length, 2 + wattstreamTopics().length, "a heading, and a line end");
    await outputOf("topics", "list", "--json", ...log);

    const shown = await outputOf("dead_letters", "show", ...log);
    assert.deepEqual([shown.code, shown.lines.length], [0, 4 * RECORDS]);
    const letters = await outputOf("dead_letters", "show", "--json", ...log);
    const payloads = letters.lines.map((line) => JSON.parse(line).payload as string);
    assert.deepEqual(payloads.sort(), texts.toSorted());
    const listed = await outputOf("dead_letters", "list", ...log);
    const kinds = await outputOf("dead_letters", "list", "--json", ...log);
    assert.equal(listed.lines.length, kinds.lines.length);
    assert.equal((await outputOf("dead_letters", "replay", "--dry-run", ...log)).code, 0);

    const datasets = await outputOf("datasets", "list", ...log);
    assert.deepEqual([datasets.code, datasets.lines.length], [0, new Set(names).size]);
    const rows = await outputOf("datasets", "show", "--limit", String(RECORDS), ...log);
    const users = rows.lines.map((line) => JSON.parse(line).username as string);
    assert.deepEqual(users.sort(), names.toSorted());
  }));

Deno.test("an error that quotes what was given prints no control character", async () => {
  for (
    const [script, ...args] of [
      ["topics", NASTY[0]!],
      ["topics", "read", NASTY[0]!, "--log", "sqlite:/nowhere/\x1b[2J"],
      ["topics", "list", "--log", NASTY[0]!],
      ["topics", "list", `--\x1b[2J`, NASTY[0]!],
      ["dead_letters", "show", "--limit", NASTY[0]!],
      ["dev", "--households", NASTY[0]!],
      ["dev", "--replay", NASTY[0]!],
    ] as const
  ) {
    const { code, errors, lines } = await outputOf(script, ...args);
    assert.equal(code, 2, `${script} ${args.join(" ")}`);
    // Escaped, or left out: a URL is never repeated.
    const said = `${errors}${lines.join("\n")}`;
    assert.match(said, /\\u001b|…|--log: expected a URL that begins with/, args.join(" "));
  }
});

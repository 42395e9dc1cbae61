/**
 * Whether the law tests can fail: plants one bug at a time into a copy of the repository and expects
 * the tests of the law to catch it. Run it after a change to the runtime, the cores or the law.
 */
import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { print } from "../shared/service/terminal.ts";

interface Bug {
  readonly title: string;
  readonly file: string;
  /** Stands in the file once. */
  readonly code: string;
  readonly planted: string;
  /** The test that catches it, where it is not that of the law. */
  readonly law?: string;
}

const WINDOW = "workers/predictions/sliding_window.ts";
const SESSION = "workers/training/session.ts";
const MERGE = "shared/stream/input_merge.ts";
const LOST_LAW = "tests/simulation/lost_law_test.ts";
const TASK = "shared/stream/household_task.ts";
const LIVE = "shared/stream/live_households.ts";
const MEMORIES = "shared/stream/household_memories.ts";

const BUGS: readonly Bug[] = [
  {
    title: "lateness: a window takes a reading at the second it closes",
    file: WINDOW,
    code: '+ windowS <= this.closedS) return "late"',
    planted: '+ windowS < this.closedS) return "late"',
  },
  {
    title: "lateness: a session takes a record one second before the watermark",
    file: SESSION,
    code: "if (event.timestamp < this.closedS)",
    planted: "if (event.timestamp < this.closedS - 1)",
  },
  {
    title: "rewind: records held by windows are left out",
    file: WINDOW,
    code: "if (place < oldest) oldest = place;",
    planted: "if (place > oldest) oldest = place;",
  },
  {
    title: "rewind: records held by sessions are left out",
    file: SESSION,
    code: "let oldest = this.#session?.oldestPlace ?? Infinity",
    planted: "let oldest = Infinity",
  },
  {
    title: "rewind: records held by pending seconds are left out",
    file: SESSION,
    code: "for (const second of this.#seconds) if (second.place < oldest) oldest = second.place;",
    planted: "",
  },
  {
    title: "rewind: unfused seconds are let go at once",
    file: SESSION,
    code: "if (second.timestamp + gapS >= endS) seconds[kept++] = second;",
    planted: "",
  },
  {
    title: "memory: not written at silence (windows)",
    file: WINDOW,
    code: "    this.#sink.remember(this.#identity, encodeClosed(this.closedS));\n",
    planted: "",
  },
  {
    title: "memory: not written at silence (sessions)",
    file: SESSION,
    code:
      "    this.#endSession();\n    this.#sink.remember(this.#identity, encodeClosed(this.closedS));\n",
    planted: "    this.#endSession();\n",
  },
  {
    title: "memory: not written at ticks",
    file: TASK,
    code: "for (const live of this.#live.values()) this.#close(live);",
    planted: `const { remember } = this.#sink;
      this.#sink.remember = () => {};
      for (const live of this.#live.values()) this.#close(live);
      this.#sink.remember = remember;`,
  },
  {
    title: "memory: not written at a session cut",
    file: SESSION,
    code:
      "      this.#endSession();\n      this.#sink.remember(this.#identity, encodeClosed(endS));",
    planted: "      this.#endSession();",
  },
  {
    title: "memory: not written at a session's start",
    file: SESSION,
    code: "      this.#sink.remember(this.#identity, encodeClosed(timestamp));",
    planted: "",
  },
  {
    title: "session: another length of the bitmap does not end it",
    file: SESSION,
    code: " &&\n      states!.length === session.stateBitmaps[0]!.length",
    planted: "",
  },
  {
    title: "session: only a longer bitmap ends it",
    file: SESSION,
    code: "states!.length === session.stateBitmaps[0]!.length",
    planted: "states!.length <= session.stateBitmaps[0]!.length",
  },
  {
    title: "memory: not written where another length of the bitmap begins a session",
    file: SESSION,
    code:
      "if (this.#session !== undefined && !this.#continues(this.#session, second)) this.#endSession();",
    planted: `const before = this.#session;
    if (before !== undefined && !this.#continues(before, second)) {
      this.#endSession();
      if (second.states!.length !== before.stateBitmaps[0]!.length) {
        const lists = { timestamps: [], consumption: [], stateBitmaps: [] };
        this.#session = { startS: timestamp, lastS: timestamp, ...lists, oldestPlace: place };
      }
    }`,
  },
  {
    title: "household: its client id alone, whoever the user is",
    file: LIVE,
    code: "return this.#byClientId.get(client_id)?.get(username);",
    planted: "return this.#byClientId.get(client_id)?.values().next().value;",
  },
  {
    title: "memory: by client id alone, whoever the user is",
    file: MEMORIES,
    code: "JSON.stringify([username, client_id])",
    planted: 'JSON.stringify(["", client_id])',
  },
  {
    title: "memory: what a version without users left is not looked up",
    file: MEMORIES,
    code: "      this.#texts.get(CLIENT_ID_PREFIX + identity.client_id);",
    planted: "      undefined;",
  },
  {
    title: "merge: by input instead of append time",
    file: MERGE,
    code: "if (head.appendMs < bestMs)",
    planted: "if (best === -1)",
  },
  {
    title: "merge: no allowance for clock skew",
    file: MERGE,
    code: "input.atEndMs - CLOCK_SKEW_MS <= bestMs",
    planted: "input.atEndMs <= bestMs",
  },
  {
    title: "stream time: an outage counts in full",
    file: "shared/stream/stream_time.ts",
    code: "Math.min(step, STEP_MS_MAX)",
    planted: "step",
  },
  {
    title: "silence: not checked before a household's own record",
    file: TASK,
    code: "if (live !== undefined && this.#isSilent(live)) {",
    planted: "if (live !== undefined && false as boolean) {",
  },
  {
    title: "replay: its output is written",
    file: "shared/stream/task_runner.ts",
    code: "      this.#task.takeOutput();\n      this.#task.takeNotes();\n    }",
    planted: "      this.#task.takeNotes();\n    }",
  },
  {
    title: "transaction: what is noted of a write is not in its commit",
    file: "shared/stream/task_runner.ts",
    code: "return this.#log.write(this.#task.takeOutput());",
    planted: "this.#task.takeNotes();\n    return this.#log.write(this.#task.takeOutput());",
  },
  {
    title: "lost records: households go on from their own memory alone",
    file: TASK,
    code: "this.#closedS = start.closedS ?? -Infinity;",
    planted: "this.#closedS = -Infinity;",
    law: LOST_LAW,
  },
  {
    title: "lost records: households are closed up to the newest second, not past it",
    file: "workers/training/core.ts",
    code: "closedPast: (second) => second + 1,",
    planted: "closedPast: (second) => second,",
    law: LOST_LAW,
  },
  {
    title: "lost records: what was held has no outcome",
    file: "shared/stream/lost_records.ts",
    code: "lostCount: held + unread,",
    planted: "lostCount: unread,",
    law: LOST_LAW,
  },
];

const root = new URL("..", import.meta.url).pathname;
const PARTS = ["deno.json", "deno.lock", "shared", "workers", "tests"];
const LOGS = Deno.args[0] ?? "600";

async function isCaught(bug: Bug, folder: string): Promise<boolean> {
  const path = join(folder, bug.file);
  const source = await readFile(path, "utf8");
  if (source.split(bug.code).length !== 2) {
    throw new Error(`${bug.file}: the code to change does not stand there once: ${bug.code}`);
  }
  await writeFile(path, source.replace(bug.code, () => bug.planted));
  const { success } = await new Deno.Command(Deno.execPath(), {
    args: [
      ...["test", "-A", "--no-check", "--fail-fast"],
      bug.law ?? "tests/simulation/law_test.ts",
    ],
    cwd: folder,
    env: {
      WATTSTREAM_LAW_LOGS: LOGS,
      WATTSTREAM_LAW_SEED: "7",
      WATTSTREAM_LAW_ENDS_ON_FAILURE: "1",
    },
    stdout: "null",
    stderr: "null",
  }).output();
  await writeFile(path, source);
  return !success;
}

let missed = 0;
const folder = await mkdtemp(join(tmpdir(), "wattstream-bugs-"));
try {
  for (const part of PARTS) await cp(join(root, part), join(folder, part), { recursive: true });
  for (const bug of BUGS) {
    const caught = await isCaught(bug, folder);
    if (!caught) missed++;
    print(`${caught ? "caught" : "MISSED"}  ${bug.title}`);
  }
} finally {
  await rm(folder, { recursive: true });
}
print(`${BUGS.length - missed} caught, ${missed} missed`);
Deno.exit(missed === 0 ? 0 : 1);

/** Bugs that the tests of the law must catch, each a piece of code and what is planted in its place. */

import type { Bug } from "./bug.ts";
import { LEARNING_BUGS } from "./learning_bugs.ts";
import { PUBLISHER_BUGS } from "./publisher_bugs.ts";

const WINDOW = "workers/predictions/sliding_window.ts";
const SESSION = "workers/training/session.ts";
const TEXTS = "shared/bytes/joined_texts.ts";
const MERGE = "shared/stream/input_merge.ts";
const LOST_LAW = "tests/simulation/lost_law_test.ts";
const TASK = "shared/stream/household_task.ts";
const LIVE = "shared/stream/live_households.ts";
const MEMORIES = "shared/stream/household_memories.ts";

export const BUGS: readonly Bug[] = [
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
    code: "if (place < oldest) oldest = place;",
    planted: "",
  },
  {
    title: "rewind: unfused seconds are let go at once",
    file: SESSION,
    code: "seconds.timestamp(0) + gapS < endS",
    planted: "seconds.timestamp(0) < endS",
  },
  {
    title: "memory: not written at silence (windows)",
    file: WINDOW,
    code: "    this.#sink.remember(this.#name, encodeClosed(this.closedS));\n",
    planted: "",
  },
  {
    title: "memory: not written at silence (sessions)",
    file: SESSION,
    code:
      "    this.#endSession();\n    this.#sink.remember(this.#name, encodeClosed(this.closedS));\n",
    planted: "    this.#endSession();\n",
  },
  {
    title: "memory: not written at ticks",
    file: TASK,
    code: "if (!this.#closeAll()) return false;",
    planted: `const { remember } = this.#sink;
      this.#sink.remember = () => {};
      const isDone = this.#closeAll();
      this.#sink.remember = remember;
      if (!isDone) return false;`,
  },
  {
    title: "memory: not written at a session cut",
    file: SESSION,
    code: "      this.#endSession();\n      this.#sink.remember(this.#name, encodeClosed(endS));",
    planted: "      this.#endSession();",
  },
  {
    title: "memory: not written at a session's start",
    file: SESSION,
    code: "      this.#sink.remember(this.#name, encodeClosed(timestamp));",
    planted: "",
  },
  {
    title: "session: another length of the bitmap does not end it",
    file: SESSION,
    code: " &&\n      this.#seconds.deviceCount(index) === session.deviceCount",
    planted: "",
  },
  {
    title: "session: only a longer bitmap ends it",
    file: SESSION,
    code: "this.#seconds.deviceCount(index) === session.deviceCount",
    planted: "this.#seconds.deviceCount(index) <= session.deviceCount",
  },
  {
    title: "memory: not written where another length of the bitmap begins a session",
    file: SESSION,
    code:
      "if (this.#session !== undefined && !this.#continues(this.#session, index)) this.#endSession();",
    planted: `const before = this.#session;
    if (before !== undefined && !this.#continues(before, index)) {
      this.#endSession();
      const deviceCount = this.#seconds.deviceCount(index);
      if (deviceCount !== before.deviceCount) {
        const place = this.#seconds.place(index);
        this.#session = new FusedSeconds({ startS: timestamp, deviceCount, place }, this.#arena);
      }
    }`,
  },
  {
    title: "household: its client id alone, whoever the user is",
    file: LIVE,
    code: "    const hash = hashOfNames(event.clientId, event.username);\n",
    planted: `    const key = new Memory(event.clientId.view().slice(1, -1));
    for (let live = this.#first; live !== undefined; live = live.after) {
      if (live.name.hasKey(key, 0, key.bytes.length)) return live;
    }
    const hash = hashOfNames(event.clientId, event.username);\n`,
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
    code: "if (appendMs < bestMs)",
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
    code: "if (!this.#closeSilent()) return false;",
    planted: "",
  },
  {
    title: "silence: a record is taken before all that it closes is closed",
    file: TASK,
    code: "if (!this.#closeSilent()) return false;",
    planted: "this.#closeSilent();",
  },
  {
    title: "tick: it is taken before all that it closes is closed",
    file: TASK,
    code: "if (!this.#closeAll()) return false;",
    planted: "this.#closeAll();",
  },
  {
    title: "replay: its output is written",
    file: "shared/stream/task_runner.ts",
    code:
      "      this.#task.takeOutput();\n      this.#task.reuseOutput();\n      this.#task.takeNotes();\n    }",
    planted: "      this.#task.takeNotes();\n    }",
  },
  {
    title: "transaction: what is noted of a write is not in its commit",
    file: "shared/stream/task_runner.ts",
    code: "return this.#log.write(this.#task.takeOutput()).then",
    planted: "this.#task.takeNotes();\n    return this.#log.write(this.#task.takeOutput()).then",
  },
  {
    title: "bytes: a slab is handed out again while it is in use",
    file: TEXTS,
    code: "if (source !== this) this.page.arena.give(source);",
    planted: "if (source !== this) this.page.arena.give(this);",
  },
  {
    title: "bytes: the memory of a session is given back before its dataset is written",
    file: SESSION,
    code: "    const sink = this.#sink;",
    planted: "    const sink = this.#sink;\n    session.clear();",
  },
  {
    title: "bytes: an end is stale where a text was put before others",
    file: TEXTS,
    code: "this.#setEnd(moved, this.#end(moved - 1) + size);",
    planted: "this.#setEnd(moved, this.#end(moved - 1));",
  },
  {
    title: "bytes: a slice begins one byte early",
    file: TEXTS,
    code: "this.#end(index - 1) + 1;",
    planted: "this.#end(index - 1);",
  },
  {
    title: "bytes: an entry of a tape ends one byte early",
    file: "workers/training/fused_seconds.ts",
    code: "writer.copy(memory, stepEnd(memory.bytes, start) + size, end);",
    planted: "writer.copy(memory, stepEnd(memory.bytes, start) + size, end - 1);",
  },
  {
    title: "bytes: an escape is taken as it stands",
    file: "shared/bytes/event_scanner.ts",
    code: "byte === BACKSLASH || byte < SPACE",
    planted: "byte < SPACE",
  },
  {
    title: "bytes: a number is copied that JSON writes otherwise",
    file: "shared/bytes/event_scanner.ts",
    code: "if (numbers.isCanonical) this.event.consumption",
    planted: "if (numbers.isCanonical || true) this.event.consumption",
  },
  {
    title: "bytes: a window is taken for the last full one",
    file: "workers/predictions/window_json.ts",
    code: "if (startS !== this.#fullStartS) {",
    planted: "if (this.#fullStartS === -1) {",
  },
  {
    title: "silence: the order of the last signs of life is not kept",
    file: TASK,
    code: "if (known !== undefined) this.#live.heard(live);",
    planted: "",
  },
  {
    title: "rewind: the oldest place is asked of the first alone",
    file: "shared/stream/oldest_places.ts",
    code: "if (place === places[0]) return place;",
    planted: "if (place < Infinity) return place;",
  },
  {
    title: "lost records: households go on from their own memory alone",
    file: TASK,
    code: "this.#lostUpToS = start.lostUpToS;",
    planted: "",
    law: LOST_LAW,
  },
  {
    title: "lost records: households are closed up to the newest second, not past it",
    file: "workers/training/core.ts",
    code: "Math.max(decodeClosed(memory), second + 1)",
    planted: "Math.max(decodeClosed(memory), second)",
    law: LOST_LAW,
  },
  {
    title: "lost records: what was held has no outcome",
    file: "shared/stream/lost_records.ts",
    code: "lostCount: held + unread,",
    planted: "lostCount: unread,",
    law: LOST_LAW,
  },
  ...LEARNING_BUGS,
  ...PUBLISHER_BUGS,
];

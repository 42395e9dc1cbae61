import assert from "node:assert/strict";
import { readingSchema } from "../events.ts";
import { InputLog } from "../testing/input_log.ts";
import { readEntry, type RecordPlace } from "./entries.ts";
import { DEFAULT_SEMANTICS } from "./semantics.ts";
import { mergeInputs, Timeline } from "./timeline.ts";

const RULES = { partitionCount: 1, maxAheadS: 1e9 };

function recordsAt(topic: "power" | "device-state", ...appendMs: number[]): RecordPlace[] {
  const log = new InputLog();
  for (const ms of appendMs) log.raw({ topic, appendMs: ms, key: null, value: null });
  return topic === "power" ? log.power : log.deviceState;
}

function namesOf(records: readonly RecordPlace[]): string[] {
  return records.map(({ topic, offset }) => `${topic[0]}${offset}`);
}

/** The moments of the household `home` of `user` in letters: `r`, a record of its own; `|`, a closing. */
function momentsOf(log: InputLog): string {
  const timeline = new Timeline(DEFAULT_SEMANTICS);
  for (const record of log.power) timeline.take(readEntry(record, readingSchema, RULES));
  const moments = timeline.end().find(([first]) =>
    first?.kind === "event" && first.event.username === "user" && first.event.client_id === "home"
  );
  return (moments ?? []).map(({ kind }) => kind === "event" ? "r" : "|").join("");
}

Deno.test("mergeInputs() orders by append time, then topic", () => {
  const power = recordsAt("power", 10, 20, 30);
  const states = recordsAt("device-state", 5, 20, 31);
  const order = ["d0", "p0", "d1", "p1", "p2", "d2"];
  assert.deepEqual(namesOf(mergeInputs(power, states)), order);
  assert.deepEqual(namesOf(mergeInputs(states, power)), order);
});

// power          10  30  20   the 20 stands behind the 30 and waits for it
// device-state   25
Deno.test("mergeInputs() keeps each input's order where append time steps back", () => {
  const power = recordsAt("power", 10, 30, 20);
  const states = recordsAt("device-state", 25);
  assert.deepEqual(namesOf(mergeInputs(power, states)), ["p0", "d0", "p1", "p2"]);
});

Deno.test("Timeline closes after idle-timeout of steps that count 5 s at most", () => {
  const steps = (count: number, stepMs: number) => {
    const log = new InputLog().reading(1, { atS: 1000 });
    for (let i = 1; i <= count; i++) {
      log.reading(1, { atS: 1000 + i * stepMs / 1000, household: "other" });
    }
    return log;
  };
  assert.equal(momentsOf(steps(12, 5_000)), "r|");
  assert.equal(momentsOf(steps(11, 5_000)), "r");
  assert.equal(momentsOf(steps(12, 3_600_000)), "r|");
  assert.equal(momentsOf(steps(11, 3_600_000)), "r");
  assert.equal(momentsOf(steps(12, 4_999)), "r");
});

Deno.test("Timeline keeps two users of one client id apart", () => {
  const log = new InputLog().reading(1, { atS: 1000 });
  for (let i = 1; i <= 12; i++) log.reading(1, { atS: 1000 + 5 * i, username: "other" });
  assert.equal(momentsOf(log), "r|");
});

Deno.test("Timeline stands still while append time steps back", () => {
  const log = new InputLog().reading(1, { atS: 1000 });
  for (let i = 0; i < 6; i++) {
    log.reading(1, { atS: 1005, household: "other" }).reading(1, { atS: 1000, household: "other" });
  }
  // Six steps forward of 5 s, six back that count nothing.
  assert.equal(momentsOf(log), "r");
  for (let i = 0; i < 6; i++) {
    log.reading(1, { atS: 1005, household: "other" }).reading(1, { atS: 1000, household: "other" });
  }
  assert.equal(momentsOf(log), "r|");
});

Deno.test("Timeline lets every record move stream time, whatever it is", () => {
  const log = new InputLog().reading(1, { atS: 1000 });
  for (let i = 1; i <= 12; i++) {
    log.raw({ topic: "power", appendMs: (1000 + 5 * i) * 1000, key: null, value: "rubbish" });
  }
  assert.equal(momentsOf(log), "r|");
});

Deno.test("Timeline closes at a tick, once", () => {
  assert.equal(momentsOf(new InputLog().reading(1).tick().tick().reading(2).tick()), "r|r|");
});

Deno.test("Timeline knows nothing of a household before its first record", () => {
  assert.equal(momentsOf(new InputLog().tick().reading(1)), "r");
  assert.equal(momentsOf(new InputLog().tick()), "");
});

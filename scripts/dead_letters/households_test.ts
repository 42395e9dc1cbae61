import assert from "node:assert/strict";
import type { DeadLetter } from "../../shared/events.ts";
import { parseTopicLayout } from "../../shared/mqtt/topics.ts";
import { reasonsOf, replayConfig } from "./config.ts";
import { fixedPayload } from "../../shared/dead_letters/fixes.ts";
import { householdsOf } from "../../shared/dead_letters/households.ts";

const RECEIVED_S = 1_790_000_000;

function letter(client_id: string, aheadS: number, more: Partial<DeadLetter> = {}): DeadLetter {
  const timestamp = RECEIVED_S + aheadS;
  return {
    ...{ reason: "future", source: "predictions", error: "x", topic: "power" },
    ...{ partition: 0, offset: 1, received_at: RECEIVED_S * 1000 },
    payload: JSON.stringify({ client_id, username: "anna", timestamp, consumption: 1 }),
    ...more,
  };
}

async function* placed(letters: readonly DeadLetter[]) {
  for (const [offset, each] of letters.entries()) {
    yield await Promise.resolve({ partition: 0, offset, letter: each });
  }
}

Deno.test("householdsOf() says whose letters there are, and by how much a clock is off", async () => {
  const topic = "energy/anna/flat-3/power";
  const found = await householdsOf(placed([
    ...[3600, 3601, 3590].map((ahead) => letter("flat-1", ahead)),
    ...[3600, 19_800].map((ahead) => letter("flat-2", ahead)),
    letter("flat-4", 5, { reason: "late" }),
    letter("?", 0, { reason: "invalid", topic, payload: "{" }),
    letter("?", 0, { reason: "invalid", topic: "x", payload: "{" }),
  ]));
  assert.deepEqual(found, [
    { household: "anna/flat-1", count: 3, reasons: { future: 3 }, clock_s: 3600 },
    { household: "anna/flat-2", count: 2, reasons: { future: 2 } },
    { household: "anna/flat-4", count: 1, reasons: { late: 1 } },
    { household: "anna/flat-3", count: 1, reasons: { invalid: 1 } },
    { household: undefined, count: 1, reasons: { invalid: 1 } },
  ]);
});

Deno.test("reasonsOf() has a shifted clock's letters replayed without naming their reasons", () => {
  const reasons = (more: Record<string, string>) =>
    reasonsOf(replayConfig.parse({ log: "sqlite:x", ...more }));
  assert.deepEqual(reasons({}), ["invalid", "forged", "misplaced"]);
  assert.deepEqual(reasons({ fix: "numbers" }), ["invalid", "forged", "misplaced"]);
  assert.deepEqual(reasons({ fix: "numbers,shift=-1h" }).slice(3), ["late", "future"]);
  assert.deepEqual(reasons({ fix: "shift=-1h", reason: "future" }), ["future"]);
});

Deno.test("--fix shift=-1h moves the timestamp, beside other fixes", () => {
  const parse = (fix: string) => replayConfig.parse({ log: "sqlite:x", fix }).fix!;
  assert.deepEqual(parse("numbers,shift=-1h"), ["numbers", { shiftS: -3600 }]);
  assert.deepEqual(parse("shift=+90s"), [{ shiftS: 90 }]);
  for (const wrong of ["shift", "shift=1", "shift=1d", "shift=-1.5h", "shift=x", "none"]) {
    assert.throws(() => parse(wrong), /expected some of/);
  }
  const layout = parseTopicLayout("flat");
  assert.ok(layout.ok);
  const fixed = fixedPayload(letter("flat-1", 3600), parse("shift=-1h"), layout.layout);
  assert.equal(JSON.parse(new TextDecoder().decode(fixed)).timestamp, RECEIVED_S);
  const odd = letter("flat-1", 0, { payload: '{"timestamp":"x"}' });
  assert.equal(
    new TextDecoder().decode(fixedPayload(odd, parse("shift=-1h"), layout.layout)),
    '{"timestamp":"x"}',
  );
});

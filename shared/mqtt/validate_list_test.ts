/** Arrays of events: what a meter kept while it was offline. */
import assert from "node:assert/strict";
import { deadLetterSchema } from "../events.ts";
import { parseTopicLayout } from "./topics.ts";
import { LIST_BYTES_MAX, LIST_EVENTS_MAX, PAYLOAD_BYTES_MAX, validate } from "./validate.ts";

const POWER = "energy/anna/flat-1/power";

function judge(
  payload: unknown,
  { topic = POWER, layout = "energy/{username}/{client_id}/{kind}" } = {},
) {
  const parsed = parseTopicLayout(layout);
  assert.ok(parsed.ok);
  const text = typeof payload === "string" ? payload : JSON.stringify(payload);
  const message = { topic, payload: new TextEncoder().encode(text), arrivedMs: 1_790_000_000_900 };
  return validate(message, parsed.layout);
}

function reading(second: number, more: object = {}) {
  return {
    client_id: "flat-1",
    username: "anna",
    timestamp: 1_780_000_000 + second,
    consumption: second,
    ...more,
  };
}

function letterOf(verdict: ReturnType<typeof judge>[number]) {
  return deadLetterSchema.parse(JSON.parse(String(verdict.record.value)));
}

Deno.test("validate() makes a record of each event in an array, in order", () => {
  const events = Array.from({ length: LIST_EVENTS_MAX }, (_, second) => reading(second));
  assert.ok(JSON.stringify(events).length > PAYLOAD_BYTES_MAX);
  assert.deepEqual(
    judge(events).map(({ record }) => record.value),
    events.map((event) => JSON.stringify(event)),
  );
  assert.equal(judge(`\n [${JSON.stringify(events[0])}]`)[0]!.timestampS, 1_780_000_000);
});

Deno.test("validate() refuses a single event of an array, with that event alone in the letter", () => {
  const wrong = reading(1, { consumption: "1" });
  const verdicts = judge([reading(0), wrong, reading(2), 7, reading(4, { client_id: "flat-1" })]
    .filter((each) => each !== 7));
  assert.deepEqual(verdicts.map(({ refusal }) => refusal), [
    undefined,
    "invalid",
    undefined,
    undefined,
  ]);
  const letter = letterOf(verdicts[1]!);
  assert.match(letter.error, /^consumption: /);
  assert.equal(letter.payload, JSON.stringify(wrong));
});

Deno.test("validate() gives no event of an array the time of arrival, unless it is the only one", () => {
  for (const timestamp of [null, 5]) {
    const [first, second] = judge([reading(0), reading(1, { timestamp })]);
    assert.equal(first!.refusal, undefined);
    assert.equal(second!.refusal, "invalid");
    assert.match(letterOf(second!).error, /^timestamp: expected in an array/);
    assert.equal(judge([reading(1, { timestamp })])[0]!.timestampS, 1_790_000_000);
  }
});

Deno.test("validate() refuses as a whole an array that is empty, too long or of several households", () => {
  const cases: [payload: unknown, error: RegExp][] = [
    [[], /1 to 1000 events, got 0/],
    [Array.from({ length: 1001 }, (_, second) => reading(second)), /1 to 1000 events, got 1001/],
    [[reading(0), reading(1, { client_id: "flat-2" })], /one household's events.*client_id/],
    [[reading(0), reading(1, { username: "bert" })], /one household's events.*username/],
    [[reading(0), 7], /one household's events/],
    ["[" + " ".repeat(LIST_BYTES_MAX) + "]", /at most 262144 bytes, the rest is cut off/],
    [`[${JSON.stringify(reading(0))}`, /not JSON/],
  ];
  for (const [payload, error] of cases) {
    for (const layout of [{}, { layout: "flat", topic: "power" }]) {
      const verdicts = judge(payload, layout);
      assert.deepEqual(verdicts.map(({ refusal }) => refusal), ["invalid"]);
      const letter = letterOf(verdicts[0]!);
      assert.match(letter.error, error);
      assert.ok(letter.payload.length <= PAYLOAD_BYTES_MAX);
    }
  }
  const forged = judge([reading(0), reading(1)], { topic: "energy/anna/flat-2/power" });
  assert.deepEqual(forged.map(({ refusal }) => refusal), ["forged", "forged"]);
});

Deno.test("validate() survives an array nested as deeply as its bytes allow", () => {
  const deep = "[".repeat(100_000) + "]".repeat(100_000);
  const [verdict] = judge(`[${deep}]`);
  assert.equal(verdict!.refusal, "invalid");
  assert.ok(letterOf(verdict!).payload.startsWith("[[[["));
});

import assert from "node:assert/strict";
import { parseConfig } from "../../shared/service/config.ts";
import { choiceOf } from "./choice.ts";
import { exportConfig } from "./config.ts";

const PLACE = ["--log", "sqlite:log.db", "--out", "out"];

function parse(...args: string[]) {
  const parsed = parseConfig(exportConfig, { args: [...PLACE, ...args], env: () => undefined });
  assert.notEqual(parsed, "help");
  return (parsed as Exclude<typeof parsed, "help">).config;
}

Deno.test("exportConfig takes every notation of a time", () => {
  const nowMs = Date.UTC(2026, 2, 8);
  for (
    const [text, expected] of [
      ["2026-03-01", Date.UTC(2026, 2, 1)],
      ["2026-03-01T12:30Z", Date.UTC(2026, 2, 1, 12, 30)],
      ["2026-03-01 12:30", Date.UTC(2026, 2, 1, 12, 30)],
      ["2026-03-01T12:30:15+01:00", Date.UTC(2026, 2, 1, 11, 30, 15)],
      ["1772323200", 1_772_323_200_000],
      ["7d", Date.UTC(2026, 2, 1)],
      ["90m", nowMs - 90 * 60_000],
    ] as const
  ) {
    const { sinceS, untilS } = choiceOf(parse("--since", text), nowMs);
    assert.deepEqual([sinceS * 1000, untilS], [expected, Number.MAX_SAFE_INTEGER], text);
  }
});

Deno.test("exportConfig refuses what is no time, split, topic or format, and says what would be", () => {
  for (
    const [args, message] of [
      [["--since", "yesterday"], /--since: expected a time such as 2026-03-01/],
      [["--until", "2026-13-01"], /--until: expected a time/],
      [["--split", "70/20"], /--split: expected two or three shares that make 100/],
      [["--split", "100"], /--split: expected/],
      [["--split", "40/30/20/10"], /--split: expected/],
      [["--split", "100/0"], /--split: expected/],
      [["--topic", "device-state"], /--topic: /],
      [["--format", "xlsx"], /--format: /],
      [["--data", "data"], /expected --log or --data/],
    ] as const
  ) assert.throws(() => parse(...args), { code: "config", message });
  assert.deepEqual(parse("--split", "70/15/15").split, [70, 15, 15]);
  assert.deepEqual(parse("--household", "anna/a,b").household, ["anna/a", "b"]);
});

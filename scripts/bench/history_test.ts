import assert from "node:assert/strict";
import { appendToHistory, type Entry, readHistory } from "./history.ts";
import { resultOf } from "./results.ts";

const ENTRY: Entry = {
  ...{ at: "2026-01-01T00:00:00.000Z", readings: 1000, households: 10 },
  ratios: { windows_vs_best_peer: 2 },
  results: { "core windows": resultOf([{ recordsPerS: 3 }, { recordsPerS: 5 }]) },
};

Deno.test("readHistory() has what appendToHistory() took, and nothing where there is no file", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const path = `${folder}/history.jsonl`;
    assert.deepEqual(await readHistory(path), []);
    await appendToHistory(path, ENTRY);
    const later = { ...ENTRY, readings: 2000, runs: 3, machine: { cores: 2, load: 0.5 } };
    await appendToHistory(path, later);
    assert.deepEqual(await readHistory(path), [ENTRY, later]);
    await Deno.writeTextFile(path, '{"at":"today"}\n', { append: true });
    await assert.rejects(readHistory(path), /line 3 of .* is no run of deno task bench/);
    await assert.rejects(readHistory(folder), /--compare/);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

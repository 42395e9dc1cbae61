/** `deno task bench`: how fast the cores and the workers are, as medians of several runs. */
import { writeFile } from "node:fs/promises";
import os from "node:os";
import { hasCode } from "../shared/errors.ts";
import { parseOrExplain } from "../shared/service/program.ts";
import { print, printError } from "../shared/service/terminal.ts";
import { killWorkers } from "../shared/services/worker_process.ts";
import { type BenchConfig, benchConfig, partsOf } from "./bench/config.ts";
import {
  appendToHistory,
  asJson,
  type Change,
  changesSince,
  type Entry,
  readHistory,
} from "./bench/history.ts";
import { killEngines } from "./bench/engine_run.ts";
import { measure } from "./bench/parts.ts";
import { checkOutputFile } from "./output_file.ts";
import { ratiosOf, type Result, type Results } from "./bench/results.ts";

async function main(): Promise<number> {
  const source = { args: Deno.args, env: () => undefined };
  const parsed = parseOrExplain({
    name: "bench",
    summary: "measures Wattstream",
    config: benchConfig,
    takesNoVariables: true,
  }, source);
  if (typeof parsed === "number") return parsed;
  try {
    return await bench(parsed.config);
  } catch (error) {
    if (hasCode(error, "config")) {
      printError(`bench: ${error.message}`);
      return 2;
    }
    if (!hasCode(error, "invariant") && !hasCode(error, "unavailable")) throw error;
    printError(`bench: ${error.message}`);
    return 1;
  }
}

async function bench(settings: BenchConfig): Promise<number> {
  const { readings, households, runs, json, compare } = settings;
  // First: a file that cannot be read or written must not cost an hour.
  await checkOutputFile("--json", json);
  const history = compare === undefined ? [] : await readHistory(compare);
  const results: Record<string, Result> = {};
  // What others want of it: asked before we want something.
  const machine = { cores: os.availableParallelism(), load: os.loadavg()[0]! };
  const entryOf = (): Entry => {
    const at = new Date().toISOString();
    return { at, machine, runs, readings, households, ratios: ratiosOf(results), results };
  };
  try {
    await measure(partsOf(settings), settings, (measured) => {
      Object.assign(results, measured);
      printResults(measured);
    });
  } finally {
    // What was measured before something failed took its time too.
    if (json !== undefined) {
      await writeFile(json, JSON.stringify(asJson(entryOf()), undefined, 2) + "\n");
    }
  }
  const entry = entryOf();
  if (Object.keys(entry.ratios).length > 0) {
    print("ratios");
    table(mapValues(entry.ratios, (ratio) => ({ ratio })));
  }
  if (compare === undefined) return 0;
  const changes = changesSince(history, entry);
  await appendToHistory(compare, entry);
  return printChanges(changes);
}

/** One thing with its spread; several beside each other by their medians. */
function printResults(results: Results): void {
  const [[name, { median, runs }], ...others] = Object.entries(results) as [[string, Result]];
  if (others.length > 0) return table(mapValues(results, (result) => result.median));
  print(name);
  table(mapValues(median, (value, figure) => {
    const values = runs.map((run) => run[figure]!);
    return { median: value, min: Math.min(...values), max: Math.max(...values) };
  }));
}

/** Returns the exit code: 1 where something has become worse. */
function printChanges(changes: readonly Change[]): number {
  if (changes.length === 0) print("the history has no run with this load yet");
  else print("against the history");
  table(Object.fromEntries(changes.map(({ name, before, now, worseBy, isRegression }) => [
    name,
    { before, now, "worse by %": 100 * worseBy, "": isRegression ? "REGRESSION" : "" },
  ])));
  return changes.some(({ isRegression }) => isRegression) ? 1 : 0;
}

function mapValues<T, U>(
  record: Readonly<Record<string, T>>,
  map: (value: T, key: string) => U,
): Record<string, U> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, map(value, key)]));
}

/** Numbers with the three digits that matter. */
function table(rows: Readonly<Record<string, Readonly<Record<string, number | string>>>>): void {
  if (Object.keys(rows).length === 0) return;
  const rounded = (value: number | string) =>
    typeof value === "string"
      ? value
      : Math.abs(value) >= 100
      ? Math.round(value)
      : Number(value.toPrecision(3));
  // deno-lint-ignore no-console -- a table of our own figures.
  console.table(mapValues(rows, (row) => mapValues(row, rounded)));
}

/** The brokers end with this process by themselves. */
function endProcessesOn(signals: readonly Deno.Signal[]): void {
  for (const signal of signals) {
    Deno.addSignalListener(signal, () => {
      killEngines();
      killWorkers();
      Deno.exit(130);
    });
  }
}

if (import.meta.main) {
  endProcessesOn(["SIGINT", "SIGTERM"]);
  Deno.exit(await main());
}

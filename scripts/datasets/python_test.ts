/** What is exported is read with pandas, polars and DuckDB, and the page's own program fits models. */
import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { pythonWith } from "../../shared/services/testing/python.ts";
import type { Log } from "../../shared/log/log.ts";
import type { Choice } from "./choice.ts";
import { type ExportOptions, exportTable } from "./export.ts";
import { dataset, namesOf, recordOf, START_S, withDatasets } from "./testing/datasets_log.ts";

const ANNA = { username: "anna", client_id: "flat-1" };
const BERT = { username: "bert", client_id: "flat-1" };
const ALL: Choice = { topic: "dataset2train", sinceS: 0, untilS: Number.MAX_SAFE_INTEGER };
const SESSIONS = 5;
const LENGTH_S = 60;

const sessions = [ANNA, BERT].flatMap((household, index) =>
  Array.from(
    { length: SESSIONS },
    (_, session) => dataset(household, START_S + 100 * session, LENGTH_S, 3 - index),
  )
);
const records = [
  namesOf("anna", "flat-1", "kettle", "lamp", "oven"),
  namesOf("bert", "flat-1", "kettle", "lamp"),
  ...sessions.map((each) => recordOf("dataset2train", each)),
];

type Row = Record<string, unknown>;

/** Every labelled second, as a row must have it; BERT has no oven. */
const expected: Row[] = sessions.flatMap(({ timestamps, consumption, state_bitmaps, ...session }) =>
  timestamps.map((timestamp, index) => ({
    ...{ username: session.username, client_id: session.client_id },
    session_start: session.session_start,
    timestamp,
    consumption: consumption[index],
    on_kettle: state_bitmaps[index]![0],
    on_lamp: state_bitmaps[index]![1],
    on_oven: state_bitmaps[index]![2] ?? null,
  }))
);

async function write(log: Log, folder: string, options: Partial<ExportOptions>): Promise<void> {
  await exportTable(log, ALL, {
    ...{ folder, format: "parquet", layout: "file", request: "test", progress: () => {} },
    ...options,
  });
}

async function runPython(args: readonly string[], cwd?: string): Promise<string> {
  const python = await pythonWith(new URL("./testing/requirements.txt", import.meta.url));
  const command = new Deno.Command(python, { args: [...args], ...(cwd && { cwd }) });
  const { success, stdout, stderr } = await command.output();
  assert.ok(success, new TextDecoder().decode(stderr));
  return new TextDecoder().decode(stdout);
}

/** In one order; a library may leave out what is nothing, or say 1 for true. */
function inOrder(rows: readonly Row[]): Row[] {
  return rows.map((row) => {
    const states = Object.keys(expected[0]!).filter((name) => name.startsWith("on_"))
      .map((name) => [name, (row[name] ?? null) === null ? null : Boolean(row[name])]);
    return { ...row, ...Object.fromEntries(states) };
  }).sort((a, b) => keyOf(a) < keyOf(b) ? -1 : 1);
}

const keyOf = ({ username, timestamp }: Row) => `${username} ${timestamp}`;

Deno.test("pandas, polars and DuckDB find every value in every format", () =>
  withDatasets(records, async (log, folder) => {
    await write(log, `${folder}/parquet`, { layout: "household" });
    await write(log, `${folder}/csv`, { format: "csv" });
    await write(log, `${folder}/jsonl`, { format: "jsonl" });
    const script = fileURLToPath(new URL("./testing/read_all.py", import.meta.url));
    const found: Record<string, Row[]> = JSON.parse(await runPython([script, folder]));
    assert.equal(Object.keys(found).length, 9);
    for (const [reader, rows] of Object.entries(found)) {
      assert.deepEqual(inOrder(rows), inOrder(expected), reader);
    }
  }));

Deno.test("the program in README.md fits a model for each household of an export", () =>
  withDatasets(records, async (log, folder) => {
    await write(log, `${folder}/homes`, { layout: "household", split: [80, 20] });
    const page = await Deno.readTextFile(new URL("./README.md", import.meta.url));
    const program = /```python\n([^]*?)```/.exec(page)![1]!;
    assert.ok(program.trimEnd().split("\n").length <= 20);
    const said = await runPython(["-c", program], folder);
    const predicted = SESSIONS * LENGTH_S * 0.2;
    assert.match(said, new RegExp(`'anna', 'flat-1'\\) \\(${predicted}, 3\\) device states`));
    assert.match(said, new RegExp(`'bert', 'flat-1'\\) \\(${predicted}, 2\\) device states`));
  }));

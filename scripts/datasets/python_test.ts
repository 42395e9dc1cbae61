/** What is exported is read with pandas, polars and DuckDB, and the page's own program fits models. */
import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { pythonWith } from "../../shared/services/testing/python.ts";
import type { Log } from "../../shared/log/log.ts";
import { TABLE_NAMES, type TableName } from "../../shared/tables/tables.ts";
import type { Choice } from "./choice.ts";
import { type ExportOptions, exportTable } from "./export.ts";
import { dataset, namesOf, recordOf, START_S, withDatasets } from "./testing/datasets_log.ts";

const ANNA = { username: "anna", client_id: "flat-1" };
const BERT = { username: "bert", client_id: "flat-1" };
const ALL: Choice = { topic: "dataset2train", sinceS: 0, untilS: Number.MAX_SAFE_INTEGER };
const FORMATS = ["parquet", "csv", "jsonl"] as const;
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

const names = ({ username, client_id }: typeof ANNA) => ({ username, client_id });

/** Readings, windows and disaggregated seconds of both; not every device can always be told. */
const others = [ANNA, BERT].flatMap((household, index) =>
  Array.from({ length: LENGTH_S }, (_, second) => {
    const timestamp = START_S + second;
    const consumption = 200.5 * (index + 1) - second * 7;
    const timestamps = Array.from({ length: 1 + second % 15 }, (_, each) => timestamp + each);
    const on = [0.25, second % 4 === 0 ? null : 1, 0.0625].slice(index);
    const watts = [1_800.5, on[1 - index] === null ? null : 60, 0].slice(index);
    return {
      power: { ...household, timestamp, consumption },
      predictions: {
        ...household,
        ...{ window_start: timestamp, window_end: timestamp + 15, timestamps },
        consumption: timestamps.map((each) => each % 1000 - 0.5),
      },
      disaggregated: {
        ...{ ...household, timestamp, consumption, on, watts },
        ...{ unexplained: -12.25, model_version: 1 + second },
      },
    };
  })
);
records.push(...others.flatMap((each) =>
  (["power", "predictions", "disaggregated"] as const)
    .map((topic) => recordOf(topic, each[topic]))
));

/** Every labelled second, as a row must have it; BERT has no oven. */
const labelled: Row[] = sessions.flatMap(({ timestamps, consumption, state_bitmaps, ...session }) =>
  timestamps.map((timestamp, index) => ({
    ...names(session),
    session_start: session.session_start,
    timestamp,
    consumption: consumption[index],
    on_kettle: state_bitmaps[index]![0],
    on_lamp: state_bitmaps[index]![1],
    on_oven: state_bitmaps[index]![2] ?? null,
  }))
);

/** Of the devices by name; what a household has not is nothing. */
const disaggregated: Row[] = others.map(({ disaggregated: { on, watts, ...second } }) => ({
  ...second,
  ...{ on_kettle: on[0], on_lamp: on[1], on_oven: on[2] ?? null },
  ...{ watts_kettle: watts[0], watts_lamp: watts[1], watts_oven: watts[2] ?? null },
}));

const EXPECTED: Readonly<Record<TableName, readonly Row[]>> = {
  dataset2train: labelled,
  predictions: others.map(({ predictions }) => predictions),
  power: others.map(({ power }) => power),
  disaggregated,
};

async function write(
  log: Log,
  folder: string,
  options: Partial<ExportOptions>,
  topic: TableName = ALL.topic,
): Promise<void> {
  await exportTable(log, { ...ALL, topic }, {
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

/**
 * In one order, with the columns of the expected rows; a library may leave out what is nothing, say 1
 * for true, and takes a list in a CSV file for the text that it is there.
 */
function inOrder(rows: readonly Row[], expected: readonly Row[]): Row[] {
  const example = expected[0]!;
  return rows.map((row) => {
    for (const name of Object.keys(row)) assert.ok(name in example, `a column ${name}`);
    return Object.fromEntries(
      Object.entries(example).map(([name, like]) => [name, cellLike(like, row[name] ?? null)]),
    );
  }).sort((a, b) => keyOf(a) < keyOf(b) ? -1 : 1);
}

function cellLike(like: unknown, cell: unknown): unknown {
  if (typeof like === "boolean" && cell !== null) return Boolean(cell);
  return Array.isArray(like) && typeof cell === "string" ? JSON.parse(cell) : cell;
}

const keyOf = ({ username, timestamp, window_start }: Row) =>
  `${username} ${timestamp ?? window_start}`;

for (const topic of TABLE_NAMES) {
  Deno.test(`pandas, polars and DuckDB find every value of ${topic} in every format`, () =>
    withDatasets(records, async (log, folder) => {
      for (const format of FORMATS) {
        const layout = format === "parquet" ? "household" : "file";
        await write(log, `${folder}/${format}`, { format, layout }, topic);
      }
      const script = fileURLToPath(new URL("./testing/read_all.py", import.meta.url));
      const found: Record<string, Row[]> = JSON.parse(await runPython([script, folder]));
      assert.equal(Object.keys(found).length, 9);
      const expected = EXPECTED[topic];
      for (const [reader, rows] of Object.entries(found)) {
        assert.deepEqual(inOrder(rows, expected), inOrder(expected, expected), reader);
      }
    }));
}

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

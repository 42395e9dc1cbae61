/** What is exported is read back with libraries of others, and has every value. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { parse as parseCsv } from "csv-parse/sync";
import { parquetMetadata, parquetReadObjects } from "hyparquet";
import type { Log } from "../../shared/log/log.ts";
import type { Choice } from "./choice.ts";
import { type ExportOptions, exportTable } from "./export.ts";
import { METADATA_KEY } from "../../shared/tables/parquet_file.ts";
import {
  dataset,
  namesOf,
  PARTITIONS,
  recordOf,
  START_S,
  withDatasets,
} from "./testing/datasets_log.ts";

const ANNA = { username: "anna", client_id: "flat-1" };
const BERT = { username: "bert", client_id: "flat-1" };
const ODD = { username: "../_odd", client_id: "ä b/c" };
const ALL: Choice = { topic: "dataset2train", sinceS: 0, untilS: Number.MAX_SAFE_INTEGER };

const RECORDS = [
  namesOf("anna", "flat-1", "old", "names"),
  namesOf("anna", "flat-1", "kettle", "lamp", "lamp"),
  ...[ANNA, BERT, ODD].flatMap((household, index) =>
    Array.from(
      { length: 4 },
      (_, session) =>
        recordOf("dataset2train", dataset(household, START_S + session * 100, 40, 3 - (index % 2))),
    )
  ),
];

function optionsFor(folder: string, given: Partial<ExportOptions> = {}): ExportOptions {
  return {
    ...{ folder: `${folder}/out`, format: "parquet", layout: "household", request: "test" },
    progress: () => {},
    ...given,
  };
}

async function rowsIn(path: string): Promise<Record<string, unknown>[]> {
  const file = readFileSync(path).buffer as ArrayBuffer;
  const rows = await parquetReadObjects({ file });
  return rows.map((row) => ({
    ...row,
    timestamp: Number(row.timestamp),
    session_start: Number(row.session_start),
  }));
}

/** The rows that a household's sessions must give, by the names of its devices. */
function expectedRows(household: typeof ANNA, devices: readonly string[], absent: string[] = []) {
  return [0, 100, 200, 300].flatMap((offsetS) => {
    const session = dataset(household, START_S + offsetS, 40, devices.length);
    return session.timestamps.map((timestamp, index) => ({
      ...household,
      session_start: session.session_start,
      timestamp,
      consumption: session.consumption[index]!,
      ...Object.fromEntries(absent.map((name) => [name, null])),
      ...Object.fromEntries(devices.map((name, at) => [name, session.state_bitmaps[index]![at]])),
    }));
  });
}

Deno.test("exportTable() writes Parquet with every value, the names of devices, and the units", () =>
  withDatasets(RECORDS, async (log, folder) => {
    const plan = await exportTable(log, ALL, optionsFor(folder));
    assert.equal(plan.rows, 480);
    assert.deepEqual(plan.files.sort(), [
      "%2E.%2F_odd/%C3%A4%20b%2Fc.parquet",
      "anna/flat-1.parquet",
      "bert/flat-1.parquet",
    ]);
    const named = ["on_kettle", "on_lamp", "on_lamp_2"];
    const unnamed = ["on_device_1", "on_device_2", "on_device_3"];
    assert.deepEqual(
      await rowsIn(`${folder}/out/anna/flat-1.parquet`),
      expectedRows(ANNA, named, unnamed),
    );
    assert.deepEqual(
      await rowsIn(`${folder}/out/bert/flat-1.parquet`),
      expectedRows(BERT, unnamed.slice(0, 2), [...named, unnamed[2]!]),
    );
    const bytes = readFileSync(`${folder}/out/anna/flat-1.parquet`);
    const { key_value_metadata: metadata } = parquetMetadata(bytes.buffer as ArrayBuffer);
    const facts = JSON.parse(metadata!.find(({ key }) => key === METADATA_KEY)!.value!);
    assert.equal(facts.topic, "dataset2train");
    const units = Object.fromEntries(
      facts.columns.map(({ name, unit }: { name: string; unit?: string }) => [name, unit]),
    );
    assert.equal(units.consumption, "W");
    assert.equal(units.timestamp, "s since 1970-01-01T00:00:00Z");
  }));

Deno.test("exportTable() splits by time, and leaves out windows that a cut goes through", () =>
  withDatasets([
    ...RECORDS,
    ...Array.from({ length: 100 }, (_, index) => {
      const start = START_S + index;
      const timestamps = [start, start + 14];
      const window = { window_start: start, window_end: start + 15, timestamps };
      return recordOf("predictions", { ...ANNA, ...window, consumption: [1.5, -2] });
    }),
  ], async (log, folder) => {
    const split = [70, 15, 15];
    await exportTable(log, ALL, optionsFor(folder, { split, layout: "file" }));
    const parts = await Promise.all(
      ["train", "validation", "test"].map((name) => rowsIn(`${folder}/out/${name}.parquet`)),
    );
    assert.deepEqual(parts.map((rows) => rows.length), [336, 72, 72]);
    for (const { username } of [ANNA, BERT]) {
      const [train, validation, test] = parts.map((rows) =>
        rows.filter((row) => row.username === username).map((row) => row.timestamp as number)
      );
      assert.ok(Math.max(...train!) < Math.min(...validation!));
      assert.ok(Math.max(...validation!) < Math.min(...test!));
    }
    const windows = await exportTable(log, { ...ALL, topic: "predictions" }, {
      ...optionsFor(folder, { split }),
      folder: `${folder}/windows`,
    });
    assert.deepEqual([windows.rows, windows.cut], [72, 28]);
    const file = readFileSync(`${folder}/windows/train/anna/flat-1.parquet`).buffer as ArrayBuffer;
    const [first] = await parquetReadObjects({ file });
    assert.deepEqual(first!.timestamps, [BigInt(START_S), BigInt(START_S + 14)]);
    assert.deepEqual(first!.consumption, [1.5, -2]);
  }));

Deno.test("exportTable() writes what was told apart, and nothing where it cannot be told", () =>
  withDatasets([
    namesOf("anna", "flat-1", "kettle", "lamp"),
    ...[[0.9, null], [0.25, null]].map((on, index) =>
      recordOf("disaggregated", {
        ...{ ...ANNA, timestamp: START_S + index, consumption: 2000.5, unexplained: 100.25 },
        ...{ on, watts: [1900.25, null], model_version: 7 },
      })
    ),
  ], async (log, folder) => {
    const plan = await exportTable(log, { ...ALL, topic: "disaggregated" }, optionsFor(folder));
    assert.deepEqual([plan.rows, plan.files], [2, ["anna/flat-1.parquet"]]);
    const file = readFileSync(`${folder}/out/anna/flat-1.parquet`).buffer as ArrayBuffer;
    const expected = [0.9, 0.25].map((on, index) => ({
      ...{ ...ANNA, timestamp: BigInt(START_S + index), consumption: 2000.5, unexplained: 100.25 },
      ...{ model_version: 7n, on_kettle: on, watts_kettle: 1900.25 },
      ...{ on_lamp: null, watts_lamp: null },
    }));
    assert.deepEqual(await parquetReadObjects({ file }), expected);
    const { key_value_metadata: metadata } = parquetMetadata(file);
    const { columns } = JSON.parse(metadata!.find(({ key }) => key === METADATA_KEY)!.value!);
    const watts = columns.find(({ name }: { name: string }) => name === "watts_kettle");
    assert.equal(watts.unit, "W");
  }));

Deno.test("exportTable() writes CSV and JSON lines, of the households and times that are meant", () =>
  withDatasets(RECORDS, async (log, folder) => {
    const choice = { ...ALL, households: ["anna/flat-1"], sinceS: START_S + 310 };
    const names = ["on_kettle", "on_lamp", "on_lamp_2"];
    const expected = expectedRows(ANNA, names).filter(({ timestamp }) =>
      timestamp >= START_S + 310
    );
    await exportTable(log, choice, optionsFor(folder, { format: "csv" }));
    const csv = parseCsv(readFileSync(`${folder}/out/anna/flat-1.csv`), { columns: true });
    assert.deepEqual(
      csv,
      expected.map((row) =>
        Object.fromEntries(
          Object.entries(row).map((
            [name, cell],
          ) => [name, String(typeof cell === "boolean" ? Number(cell) : cell)]),
        )
      ),
    );
    const lines = optionsFor(folder, { format: "jsonl", layout: "file" });
    await exportTable(log, choice, { ...lines, folder: `${folder}/lines` });
    const texts = readFileSync(`${folder}/lines/data.jsonl`, "utf8").trimEnd().split("\n");
    assert.deepEqual(texts.map((text) => JSON.parse(text)), expected);
  }));

/** A log that breaks after so many records. */
function breaking(log: Log, recordCount: number): Pick<Log, "describe" | "read"> {
  let left = recordCount;
  return {
    describe: (topics) => log.describe(topics),
    async *read(options) {
      for await (const record of log.read(options)) {
        if (left-- === 0) throw new Error("planted");
        yield record;
      }
    },
  };
}

Deno.test("exportTable() goes on where it was stopped, at any record, to the same files", () =>
  withDatasets(RECORDS, async (log, folder) => {
    const whole = await exportTable(log, ALL, optionsFor(folder));
    const contentOf = (root: string) =>
      whole.files.map((name) => readFileSync(`${root}/${name}`).toString("base64"));
    const expected = contentOf(`${folder}/out`);
    // Each record is read twice, and the names of devices are two.
    for (let records = 0; records < 2 * RECORDS.length - 2; records++) {
      const options = { ...optionsFor(folder), folder: `${folder}/out-${records}` };
      await assert.rejects(exportTable(breaking(log, records), ALL, options), /planted/);
      const plan = await exportTable(log, ALL, options);
      assert.deepEqual([plan.rows, plan.files.sort()], [480, whole.files.sort()]);
      assert.deepEqual(contentOf(options.folder), expected);
    }
    await assert.rejects(exportTable(log, ALL, optionsFor(folder)), /a finished export/);
    const other = { ...optionsFor(folder), folder: `${folder}/out-0`, request: "other" };
    await assert.rejects(exportTable(log, ALL, other), { code: "config" });
  }));

Deno.test("exportTable() keeps a household whole whose records stand in several partitions", () =>
  withDatasets(
    Array.from(
      { length: PARTITIONS },
      (_, partition) =>
        recordOf("dataset2train", dataset(ANNA, START_S + partition * 100, 40, 2), partition),
    ),
    async (log, folder) => {
      const plan = await exportTable(log, ALL, optionsFor(folder));
      assert.deepEqual([plan.rows, plan.files], [160, ["anna/flat-1.parquet"]]);
      assert.equal((await rowsIn(`${folder}/out/anna/flat-1.parquet`)).length, 160);
    },
  ));

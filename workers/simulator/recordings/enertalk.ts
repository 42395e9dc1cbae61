/**
 * ENERTALK: a folder a house, in it a folder a day, in that a file a meter, fifteen rows a second, of
 * which the first one counts.
 *
 *   00/20161101/00_total.parquet.gzip     timestamp (Unix ms), active_power, reactive_power
 *   00/20161101/01_fridge.parquet.gzip    the meters of a house may differ from day to day
 */
import { basename } from "node:path";
import { WattstreamError } from "../../../shared/errors.ts";
import { alongside, type Reading, readingOf } from "./channel.ts";
import { chosenOf, statesOf } from "./house.ts";
import { openTable } from "./parquet.ts";
import type { ColumnChoice, Recording, Row } from "./recording.ts";
import { secondsOf } from "./times.ts";

const HOUSE = /^\d\d$/;
const DAY = /^\d{8}$/;
const METER_FILE = /^(\d\d_([^.]+))\.parquet(\.gzip)?$/;
const TOTAL = "total";
const COLUMNS = ["timestamp", "active_power"];

/** Whether a folder with these entries is a house of it. */
export function isEnertalkHouse(folder: string, entries: readonly Deno.DirEntry[]): boolean {
  return HOUSE.test(basename(folder)) &&
    entries.some(({ name, isDirectory }) => isDirectory && DAY.test(name));
}

/** A meter of a house, and its files in the order of the days. */
interface DailyMeter {
  readonly label: string;
  readonly isTotal: boolean;
  readonly paths: string[];
}

/** @throws WattstreamError `config` where it has no total, or a device that is chosen is not there. */
export function openEnertalk(folder: string, choice: ColumnChoice): Recording {
  const meters = metersIn(folder);
  const total = meters.find(({ isTotal }) => isTotal);
  if (total === undefined) {
    throw new WattstreamError("config", `${folder}: expected 00_total.parquet.gzip in its days`);
  }
  const devices = chosenOf(folder, meters.filter(({ isTotal }) => !isTotal), choice);
  return {
    path: folder,
    household: `enertalk_${basename(folder)}`,
    devices: devices.map(({ label }) => label),
    taken: { power: TOTAL, devices: devices.map(({ label }) => `${label} (watts)`) },
    async *rows(): AsyncIterable<Row> {
      const readings = alongside(
        readDays(total.paths),
        devices.map(({ paths }) => readDays(paths)),
      );
      for await (const { fileS, watts, line, shown } of readings) {
        const stateBitmap = statesOf(shown, choice.onThreshold);
        yield { fileS, powerW: watts, stateBitmap, isLocal: false, line };
      }
    },
  };
}

/** By number; of several with one name, all have their numbers. */
function metersIn(folder: string): DailyMeter[] {
  const found = new Map<string, { readonly name: string; readonly paths: string[] }>();
  for (const day of namesIn(folder).filter((name) => DAY.test(name))) {
    for (const file of namesIn(`${folder}/${day}`)) {
      const [, numbered, name] = METER_FILE.exec(file) ?? [];
      if (numbered === undefined) continue;
      if (!found.has(numbered)) found.set(numbered, { name: name!, paths: [] });
      found.get(numbered)!.paths.push(`${folder}/${day}/${file}`);
    }
  }
  const meters = [...found].sort(([a], [b]) => a < b ? -1 : 1);
  const countOf = (name: string) => meters.filter(([, meter]) => meter.name === name).length;
  return meters.map(([numbered, { name, paths }]) => ({
    label: countOf(name) === 1 ? name : numbered,
    isTotal: name === TOTAL,
    paths,
  }));
}

function namesIn(folder: string): string[] {
  return Array.from(Deno.readDirSync(folder), ({ name }) => name).sort();
}

async function* readDays(paths: readonly string[]): AsyncGenerator<Reading> {
  let lastS: number | undefined;
  for (const path of paths) {
    const table = await openTable(path);
    const missing = COLUMNS.filter((name) => !table.header.includes(name));
    if (missing.length > 0) {
      throw new WattstreamError("config", `${path}: expected a column ${missing.join(" and ")}`);
    }
    let line = 0;
    for await (const { timestamp = "", active_power = "" } of table.rows(COLUMNS)) {
      line++;
      const fileS = secondsOf(timestamp);
      if (fileS !== undefined && fileS === lastS) continue;
      lastS = fileS;
      yield readingOf(path, line, timestamp, active_power);
    }
  }
}

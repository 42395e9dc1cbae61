/**
 * ECO: a folder a house for its smart meter and one for its plugs, a file a day, a line a second.
 *
 *   04_sm_csv/04/2012-06-27.csv       16 values, the first of them the power of all phases; -1 is none
 *   04_plugs_csv/01/2012-06-27.csv    one value; the folder is the plug's number
 */
import { basename, dirname } from "node:path";
import { existsSync } from "node:fs";
import { WattstreamError } from "../../../shared/errors.ts";
import { shortened } from "../../../shared/events.ts";
import { alongside, linesOf, type Reading } from "./channel.ts";
import { chosenOf, statesOf } from "./house.ts";
import { numberOf } from "./notation.ts";
import type { ColumnChoice, Recording, Row } from "./recording.ts";

const DAY_FILE = /^(\d{4}-\d\d-\d\d)\.csv(\.gz)?$/;

/** The house of a folder with its smart meter; undefined for other folders. */
export function ecoHouse(folder: string): string | undefined {
  return /^(\d+)_sm_csv$/.exec(basename(folder))?.[1];
}

/** @throws WattstreamError `config` where a plug that is chosen is not there. */
export function openEco(folder: string, choice: ColumnChoice): Recording {
  const house = ecoHouse(folder)!;
  const plugsFolder = `${dirname(folder)}/${house}_plugs_csv`;
  const plugs = (existsSync(plugsFolder) ? foldersIn(plugsFolder) : [])
    .map((path) => ({ label: `plug_${basename(path)}`, path }));
  const chosen = chosenOf(folder, plugs, choice);
  return {
    path: folder,
    household: `eco_${house}`,
    devices: chosen.map(({ label }) => label),
    taken: { power: basename(folder), devices: chosen.map(({ label }) => `${label} (watts)`) },
    async *rows(): AsyncIterable<Row> {
      const meters = alongside(
        readDays(foldersIn(folder)),
        chosen.map(({ path }) => readDays([path])),
      );
      for await (const { fileS, watts, line, shown } of meters) {
        const stateBitmap = statesOf(shown, choice.onThreshold);
        yield { fileS, powerW: watts, stateBitmap, isLocal: false, line };
      }
    },
  };
}

function foldersIn(folder: string): string[] {
  return Array.from(Deno.readDirSync(folder)).filter(({ isDirectory }) => isDirectory)
    .map(({ name }) => `${folder}/${name}`).sort();
}

/** The first value of each line of each day. */
async function* readDays(folders: readonly string[]): AsyncGenerator<Reading> {
  const days = folders.flatMap((folder) =>
    Array.from(Deno.readDirSync(folder), ({ name }) => ({ day: DAY_FILE.exec(name)?.[1], name }))
      .filter(({ day }) => day !== undefined)
      .map(({ day, name }) => ({ startS: Date.parse(`${day}T00:00Z`) / 1000, name, folder }))
  ).sort((a, b) => a.startS - b.startS);
  for (const { startS, name, folder } of days) {
    const path = `${folder}/${name}`;
    for await (const { text, line } of linesOf(path)) {
      const watts = numberOf(text.split(",", 1)[0]!, ",");
      if (watts === undefined) {
        throw new WattstreamError(
          "config",
          `${path}, line ${line}: expected watts, got "${shortened(text, 100)}"`,
        );
      }
      yield { fileS: startS + line - 1, watts: watts === -1 ? undefined : watts, line };
    }
  }
}

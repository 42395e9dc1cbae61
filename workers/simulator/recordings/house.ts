/**
 * Recordings with a file for each meter of a house:
 *
 *   house_1/labels.dat          1 mains | 2 mains | 3 refrigerator …   (UK-DALE: 1 aggregate)
 *   house_1/channel_1.dat …     UK-DALE, REDD low-frequency: `unix_seconds watts`
 *   electricity/1.csv …         iAWE: a heading with `timestamp` and `W`; 1 and 2 are the mains
 *
 * A row is a reading of the first of the mains, with what the others show at that moment added. Its
 * states are known where every device has shown something within the last minute.
 */
import { basename } from "node:path";
import { WattstreamError } from "../../../shared/errors.ts";
import { alongside, linesOf, readDat, type Reading, readingOf } from "./channel.ts";
import { pickColumns } from "./columns.ts";
import { separatorOf } from "./notation.ts";
import { type ColumnChoice, DEVICES_MAX, type Recording, type Row } from "./recording.ts";

const MAINS_LABEL = /^(mains|aggregate|main)([_ ]?\d+)?$/i;
/** Where nothing says which ones they are, as in iAWE. */
const MAINS_NUMBERS = [1, 2];

interface Meter {
  readonly label: string;
  readonly path: string;
  readonly isMains: boolean;
}

/** The number of a channel's file; undefined for other files. */
export function channelNumber(name: string): number | undefined {
  const match = /^(?:channel_)?(\d+)\.(?:dat|csv)(?:\.gz)?$/.exec(name);
  return match === null ? undefined : Number(match[1]);
}

/** @throws WattstreamError `config` where it has no mains, or a device that is chosen is not there. */
export async function openHouse(folder: string, choice: ColumnChoice): Promise<Recording> {
  const meters = await metersIn(folder);
  const mains = meters.filter(({ isMains }) => isMains);
  if (mains.length === 0) {
    throw new WattstreamError(
      "config",
      `${folder}: expected a channel that labels.dat calls mains`,
    );
  }
  const devices = chosenOf(folder, meters.filter(({ isMains }) => !isMains), choice);
  const others = [...mains.slice(1), ...devices];
  return {
    path: folder,
    household: basename(folder),
    devices: devices.map(({ label }) => label),
    taken: {
      power: mains.map(({ path }) => basename(path)),
      devices: devices.map(({ label }) => `${label} (watts)`),
    },
    async *rows(): AsyncIterable<Row> {
      const meters = alongside(
        readingsOf(mains[0]!.path),
        others.map(({ path }) => readingsOf(path)),
      );
      for await (const { fileS, watts, line, shown } of meters) {
        const powerW = sumOf([watts, ...shown.slice(0, mains.length - 1)]);
        const stateBitmap = statesOf(shown.slice(mains.length - 1), choice.onThreshold);
        yield { fileS, powerW, stateBitmap, isLocal: false, line };
      }
    },
  };
}

function sumOf(watts: readonly (number | undefined)[]): number | undefined {
  const known = watts.filter((each) => each !== undefined);
  if (known.length < watts.length) return undefined;
  return Math.round(known.reduce((sum, each) => sum + each, 0) * 1000) / 1000;
}

export function statesOf(
  watts: readonly (number | undefined)[],
  onThreshold: number,
): boolean[] | undefined {
  if (watts.includes(undefined)) return undefined;
  return watts.map((each) => each! > onThreshold);
}

/**
 * Those that are chosen by their labels, or all.
 * @throws WattstreamError `config` where one that is chosen is not there, or there are too many.
 */
export function chosenOf<Device extends { readonly label: string }>(
  folder: string,
  devices: readonly Device[],
  choice: ColumnChoice,
): Device[] {
  const chosen = choice.deviceColumns?.map((name) => {
    const meter = devices.find(({ label }) => label === name);
    if (meter !== undefined) return meter;
    const labels = devices.map(({ label }) => label).join(", ");
    throw new WattstreamError(
      "config",
      `${folder}: expected --device-columns to be some of ${labels}, got ${name}`,
    );
  }) ?? [...devices];
  if (chosen.length <= DEVICES_MAX) return chosen;
  throw new WattstreamError(
    "config",
    `${folder}: choose at most ${DEVICES_MAX} devices with --device-columns`,
  );
}

/** By number; of several with one label, the second is `lighting_2`. */
async function metersIn(folder: string): Promise<Meter[]> {
  const labels = await labelsIn(folder);
  const numbered = Array.from(Deno.readDirSync(folder), ({ name }) => name)
    .flatMap((name) => {
      const number = channelNumber(name);
      return number === undefined ? [] : [{ number, path: `${folder}/${name}` }];
    }).sort((a, b) => a.number - b.number);
  const counts = new Map<string, number>();
  return numbered.map(({ number, path }) => {
    const label = labels?.get(number) ?? `channel_${number}`;
    const count = (counts.get(label) ?? 0) + 1;
    counts.set(label, count);
    return {
      path,
      label: count === 1 ? label : `${label}_${count}`,
      isMains: labels === undefined ? MAINS_NUMBERS.includes(number) : MAINS_LABEL.test(label),
    };
  });
}

/** Undefined where there is no `labels.dat`. */
async function labelsIn(folder: string): Promise<Map<number, string> | undefined> {
  const path = `${folder}/labels.dat`;
  if (!Array.from(Deno.readDirSync(folder)).some(({ name }) => name === "labels.dat")) {
    return undefined;
  }
  const labels = new Map<number, string>();
  for await (const { text, line } of linesOf(path)) {
    const match = /^(\d+)\s+(.+)$/.exec(text);
    if (match === null) {
      throw new WattstreamError("config", `${path}, line ${line}: expected a number and a label`);
    }
    labels.set(Number(match[1]), match[2]!.trim());
  }
  return labels;
}

function readingsOf(path: string): AsyncGenerator<Reading> {
  return /\.dat(\.gz)?$/.test(path) ? readDat(path) : readTable(path);
}

/** iAWE's tables, of numbers without quotes. */
async function* readTable(path: string): AsyncGenerator<Reading> {
  let columns: { readonly time: number; readonly power: number } | undefined;
  let separator = ",";
  for await (const { text, line } of linesOf(path)) {
    if (columns === undefined) {
      separator = separatorOf(text);
      columns = pickColumns(path, text.split(separator), { onThreshold: 0 });
      continue;
    }
    const cells = text.split(separator);
    yield readingOf(path, line, cells[columns.time] ?? "", cells[columns.power] ?? "");
  }
}

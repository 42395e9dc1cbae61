/** Which recordings files and folders hold. */
import { existsSync } from "node:fs";
import { basename } from "node:path";
import { WattstreamError } from "../../../shared/errors.ts";
import { whyUnreadable } from "../../../shared/service/secrets.ts";
import { openCsv } from "./csv.ts";
import { ecoHouse, openEco } from "./eco.ts";
import { isEnertalkHouse, openEnertalk } from "./enertalk.ts";
import { channelNumber, openHouse } from "./house.ts";
import { openParquet } from "./parquet.ts";
import type { ColumnChoice, Recording } from "./recording.ts";

const PARQUET = /\.(parquet|parquet\.gzip|pq)$/i;
const TABLE = /\.(csv|tsv|txt)(\.gz|\.zst)?$/i;

/**
 * The recordings in files, in folders of a house, and in folders of such: by name. Of two with one
 * name the second is `NAME-2`.
 * @throws WattstreamError `config` where there is none, or one cannot be read.
 */
export async function openRecordings(
  paths: readonly string[],
  choice: ColumnChoice,
): Promise<Recording[]> {
  const recordings: Recording[] = [];
  for (const path of wholePaths(paths)) {
    recordings.push(...await openPath(path.replace(/\/+$/, ""), choice));
  }
  const counts = new Map<string, number>();
  return recordings.map((recording) => {
    const count = (counts.get(recording.household) ?? 0) + 1;
    counts.set(recording.household, count);
    return count === 1 ? recording : { ...recording, household: `${recording.household}-${count}` };
  });
}

/** As they were meant: a list has commas between paths, and a path may have commas in it. */
function wholePaths(parts: readonly string[]): string[] {
  const paths: string[] = [];
  for (let from = 0; from < parts.length;) {
    const ends = parts.map((_, index) => index + 1).filter((end) => end > from);
    const end = ends.find((each) => existsSync(parts.slice(from, each).join(","))) ?? from + 1;
    paths.push(parts.slice(from, end).join(","));
    from = end;
  }
  return paths;
}

async function openPath(path: string, choice: ColumnChoice): Promise<Recording[]> {
  if (!isFolder(path)) return [await openFile(path, choice)];
  if (ecoHouse(path) !== undefined) return [openEco(path, choice)];
  const entries = Array.from(Deno.readDirSync(path))
    .sort((a, b) => a.name.localeCompare(b.name, "en", { numeric: true }));
  if (isHouse(path, entries)) return [await openHouse(path, choice)];
  if (isEnertalkHouse(path, entries)) return [openEnertalk(path, choice)];
  const recordings: Recording[] = [];
  for (const { name, isDirectory } of entries) {
    const below = `${path}/${name}`;
    const isNamed = /^house_?\d+$/i.test(name) || ecoHouse(name) !== undefined ||
      isDirectory && isEnertalkHouse(below, Array.from(Deno.readDirSync(below)));
    if (isDirectory && isNamed) recordings.push(...await openPath(below, choice));
    else if (!isDirectory && (PARQUET.test(name) || TABLE.test(name))) {
      recordings.push(await openFile(below, choice));
    }
  }
  if (recordings.length > 0) return recordings;
  throw new WattstreamError(
    "config",
    `${path}: expected .csv or .parquet files, channel_N.dat with labels.dat, or house_N folders; ` +
      `it has ${entries.slice(0, 5).map(({ name }) => name).join(", ") || "nothing"}`,
  );
}

/** With a file for each meter; tables that are numbered can be anything but in iAWE's folder. */
function isHouse(path: string, entries: readonly Deno.DirEntry[]): boolean {
  return entries.some(({ name }) =>
    channelNumber(name) !== undefined &&
    (name.startsWith("channel_") || basename(path) === "electricity")
  );
}

function openFile(path: string, choice: ColumnChoice): Promise<Recording> {
  return PARQUET.test(basename(path)) ? openParquet(path, choice) : openCsv(path, choice);
}

function isFolder(path: string): boolean {
  try {
    return Deno.statSync(path).isDirectory;
  } catch (cause) {
    throw new WattstreamError("config", `${path}: ${whyUnreadable(cause)}`, { cause });
  }
}

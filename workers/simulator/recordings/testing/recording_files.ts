/** Files of recordings that a test has written, and what is read of them. */
import { dirname } from "node:path";
import { openRecordings } from "../open.ts";
import { Playback, type PlaybackOptions, type Survey } from "../playback.ts";
import type { ColumnChoice, Recording, Sample } from "../recording.ts";

export interface ReadOptions extends Partial<PlaybackOptions>, Partial<ColumnChoice> {}

export interface ReadRecording extends Pick<Recording, "household" | "devices" | "taken"> {
  readonly samples: Sample[];
  readonly survey: Survey;
}

/** Runs `use` in a folder with these files, by their paths in it. */
export async function withFiles<T>(
  files: Readonly<Record<string, string | Uint8Array>>,
  use: (folder: string) => Promise<T>,
): Promise<T> {
  const folder = await Deno.makeTempDir();
  try {
    for (const [name, content] of Object.entries(files)) {
      await Deno.mkdir(dirname(`${folder}/${name}`), { recursive: true });
      const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
      await Deno.writeFile(`${folder}/${name}`, bytes);
    }
    return await use(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** Each recording in the paths: surveyed, then read. */
export async function readRecordings(
  paths: readonly string[],
  options: ReadOptions = {},
): Promise<ReadRecording[]> {
  const given = { onThreshold: 10, fromS: 0, strict: false, resample: "none", ...options } as const;
  const found: ReadRecording[] = [];
  for (const recording of await openRecordings(paths, given)) {
    const playback = new Playback(recording, given);
    const survey = await playback.survey();
    const samples = await Array.fromAsync(playback.samples(survey));
    const { household, devices, taken } = recording;
    found.push({ household, devices, taken, survey, samples });
  }
  return found;
}

/** The one recording of a CSV file with this text. */
export async function readCsv(text: string | Uint8Array, options: ReadOptions = {}) {
  return await withFiles({ "home.csv": text }, async (folder) => {
    const [recording] = await readRecordings([`${folder}/home.csv`], options);
    return recording!;
  });
}

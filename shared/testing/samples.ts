/**
 * The recordings that tests run on: one that is made for them, and, where `WATTSTREAM_SAMPLES` names a
 * folder with recordings of real households, the real one of its kind as well.
 */
import { WattstreamError } from "../errors.ts";
import { makeRecording, type RecordingKind } from "./recordings.ts";

/** Files in the folder `WATTSTREAM_SAMPLES`; they are not ours to pass on. */
const REAL_FILES: Readonly<Record<RecordingKind, string>> = {
  laboratory: "lab3_mains_1hz_train.csv",
  home: "tracebase_houseA_1hz_6h.csv",
  minutes: "ukdale_house2_1min_14days.csv",
};

/** A recording to test with. */
export interface SampleRecording {
  /** For the test's title. */
  readonly title: string;
  /**
   * Hands the path of its file to `body`.
   * @throws WattstreamError `unavailable` where a real one is not where it should be.
   */
  use(body: (path: string) => Promise<void>): Promise<void>;
}

/** The recordings of a kind: a test runs on each of them. */
export function recordingsOf(
  kind: RecordingKind,
  { seed = 1, folder = Deno.env.get("WATTSTREAM_SAMPLES") }: {
    readonly seed?: number;
    readonly folder?: string | undefined;
  } = {},
): SampleRecording[] {
  const made = { title: `a made recording (${kind})`, use: useMade.bind(null, kind, seed) };
  if (folder === undefined || folder === "") return [made];
  const path = `${folder}/${REAL_FILES[kind]}`;
  return [made, { title: `a real recording (${kind})`, use: useReal.bind(null, path) }];
}

async function useMade(
  kind: RecordingKind,
  seed: number,
  body: (path: string) => Promise<void>,
): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await Deno.writeTextFile(`${folder}/${kind}.csv`, makeRecording(kind, seed));
    await body(`${folder}/${kind}.csv`);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function useReal(path: string, body: (path: string) => Promise<void>): Promise<void> {
  try {
    await Deno.stat(path);
  } catch (cause) {
    throw new WattstreamError(
      "unavailable",
      `Correct WATTSTREAM_SAMPLES, or unset it: there is no ${path}`,
      { cause },
    );
  }
  await body(path);
}

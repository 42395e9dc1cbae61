/**
 * Earlier runs, a line of JSON each, and what has become worse than it was. Only figures are judged that
 * move little with what else a machine does: ratios of one run, CPU, memory and allocations.
 */
import { appendFile, readFile } from "node:fs/promises";
import { z } from "zod";
import { messageOf, WattstreamError } from "../../shared/errors.ts";
import { type Figures, medianOf, type Results } from "./results.ts";

/** A run with its load. */
export interface Entry {
  /** When it ended, ISO 8601. */
  readonly at: string;
  /** Its cores, and its load before the run; runs of before that was taken down have none. */
  readonly machine?: Figures;
  /** Of each thing that was measured; as the machine. */
  readonly runs?: number;
  readonly readings: number;
  readonly households: number;
  readonly ratios: Figures;
  readonly results: Results;
}

const figuresSchema = z.record(z.string(), z.number());
const resultSchema = z.object({ median: figuresSchema, runs: z.array(figuresSchema) });
const entrySchema = z.object({
  at: z.string(),
  machine: figuresSchema.optional(),
  runs: z.number().optional(),
  readings: z.number(),
  households: z.number(),
  ratios: figuresSchema,
}).catchall(resultSchema).transform((
  { at, machine, runs, readings, households, ratios, ...results },
): Entry => ({
  ...{ at, readings, households, ratios },
  ...machine && { machine },
  ...runs !== undefined && { runs },
  results: results as Results,
}));

export interface Change {
  readonly name: string;
  /** Median of the last runs with the same load. */
  readonly before: number;
  readonly now: number;
  /** By how much it is worse, as a share of what it was; negative where it is better. */
  readonly worseBy: number;
  readonly isRegression: boolean;
}

/** Runs of the history that count. */
const RUNS_MAX = 5;
/** As far as figures move by themselves: CPU-seconds do by a fifth. */
const WORSE_BY_MAX = 0.2;

/** Each judged figure that the history has of the same load. */
export function changesSince(history: readonly Entry[], now: Entry): Change[] {
  const alike = history.filter(({ readings, households }) =>
    readings === now.readings && households === now.households
  ).map(judgedFigures);
  return [...judgedFigures(now)].flatMap(([name, value]) => {
    const earlier = alike.map((figures) => figures.get(name)).filter((each) => each !== undefined);
    if (earlier.length === 0) return [];
    const before = medianOf(earlier.slice(-RUNS_MAX));
    const worseBy = (isBetterLess(name) ? value - before : before - value) / before;
    return [{ name, before, now: value, worseBy, isRegression: worseBy > WORSE_BY_MAX }];
  });
}

function judgedFigures({ ratios, results }: Entry): Map<string, number> {
  const figures = new Map(Object.entries(ratios));
  for (const [name, { median }] of Object.entries(results)) {
    for (const [key, value] of Object.entries(median)) {
      if (/PerCpuS$|^cores$|peakMemoryMB$|^allocated/.test(key)) {
        figures.set(`${name}: ${key}`, value);
      }
    }
  }
  return figures;
}

function isBetterLess(name: string): boolean {
  return /: (cores|peakMemoryMB$|allocated)/.test(name);
}

/** None where there is no such file yet. @throws WattstreamError `config` that names a line. */
export async function readHistory(path: string): Promise<Entry[]> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (cause) {
    if ((cause as { code?: string }).code === "ENOENT") return [];
    throw new WattstreamError("config", `--compare: ${messageOf(cause)}`, { cause });
  }
  return text.split("\n").flatMap((line, index) => {
    if (line === "") return [];
    try {
      return [entrySchema.parse(JSON.parse(line))];
    } catch (cause) {
      throw new WattstreamError(
        "config",
        `--compare: line ${index + 1} of ${path} is no run of deno task bench: ${messageOf(cause)}`,
        { cause },
      );
    }
  });
}

export async function appendToHistory(path: string, entry: Entry): Promise<void> {
  await appendFile(path, JSON.stringify(asJson(entry)) + "\n");
}

/** As files have it: results by their names beside the rest. */
export function asJson({ results, ...rest }: Entry): object {
  return { ...rest, ...results };
}

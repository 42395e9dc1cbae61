/**
 * What an experiment keeps in its folder until its report is written, so that one that was cut can be
 * gone on with: its settings, the topics as they were, and the samples that it has taken.
 */
import { writeFileSync } from "node:fs";
import { readFile, rm } from "node:fs/promises";
import { z } from "zod";
import { messageOf, WattstreamError } from "../../shared/errors.ts";
import type { TopicDescription } from "../../shared/log/log.ts";
import { parseSamples } from "./csv.ts";
import { PROCESSES, recordOf, type Sample } from "./sampler.ts";

const count = z.int().min(0);

const keptSchema = z.strictObject({
  started_at_ms: count,
  /** Flags that were given, as variables; what came by the environment must be there again. */
  variables: z.record(z.string(), z.string()),
  before: z.array(z.strictObject({
    name: z.string(),
    logAppendTime: z.boolean(),
    partitions: z.array(z.strictObject({
      partition: count,
      startOffset: count,
      endOffset: count,
      bytes: count,
    })),
  })),
  /** Seconds of the run at which it was cut. */
  cuts_s: z.array(z.number().min(0)),
});

/** A run that has begun and has no report yet. */
export interface CutRun {
  /** Unix ms. */
  readonly startedAtMs: number;
  readonly variables: Readonly<Record<string, string>>;
  /** The topics as they were when it began. */
  readonly before: readonly TopicDescription[];
  /** At least one. */
  readonly samples: readonly Sample[];
  /** Seconds of the run at which it was cut, the last time at its last sample. */
  readonly cutsS: readonly number[];
}

/** The folder of an experiment. */
export class RunFiles {
  readonly samplesPath: string;
  /** Holds the log while nothing else is said. */
  readonly logFolder: string;
  readonly #path: string;

  constructor(readonly folder: string) {
    this.samplesPath = `${folder}/samples.csv`;
    this.logFolder = `${folder}/log-of-run`;
    this.#path = `${folder}/run.json`;
  }

  /** Kept from its first sample on, for its owner alone: a flag may have held a password. */
  keep(run: Omit<CutRun, "samples">): void {
    const kept: z.input<typeof keptSchema> = {
      started_at_ms: run.startedAtMs,
      variables: { ...run.variables },
      before: run.before.map(({ name, logAppendTime, partitions }) => ({
        name,
        logAppendTime,
        partitions: partitions.map((partition) => ({ ...partition })),
      })),
      cuts_s: [...run.cutsS],
    };
    writeFileSync(this.#path, `${JSON.stringify(kept)}\n`, { mode: 0o600 });
  }

  /** Its report is written. */
  async forget(): Promise<void> {
    await rm(this.#path, { force: true });
  }

  /** The log of a run that has come to its end. */
  async removeLog(): Promise<void> {
    await rm(this.logFolder, { recursive: true, force: true });
  }

  /**
   * The run that was cut, or undefined where there is none.
   * @throws WattstreamError `config` where what is left of it cannot be used.
   */
  async read(): Promise<CutRun | undefined> {
    const text = await textOf(this.#path);
    if (text === undefined) return undefined;
    try {
      const kept = keptSchema.parse(JSON.parse(text));
      const samples = parseSamples(await readFile(this.samplesPath, "utf8"));
      const last = samples.at(-1);
      if (last === undefined) throw new Error(`${this.samplesPath} has no sample`);
      return {
        startedAtMs: kept.started_at_ms,
        variables: kept.variables,
        before: kept.before,
        samples,
        cutsS: [...kept.cuts_s, last.elapsedS],
      };
    } catch (cause) {
      const message = `Choose another --out, ${this.#path} cannot be gone on with: ${
        messageOf(cause)
      }`;
      throw new WattstreamError("config", message, { cause });
    }
  }
}

async function textOf(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if ((error as { code?: string }).code === "ENOENT") return undefined;
    throw new WattstreamError("config", `Choose another --out: ${messageOf(error)}`, {
      cause: error,
    });
  }
}

/**
 * A sample of the part of a run that began at another: counts and seconds go on from there.
 * @param from with all that was known until then
 */
export function continued(sample: Sample, from: Sample | undefined): Sample {
  if (from === undefined) return sample;
  const sum = (name: Count) => {
    const value = sample[name];
    return value === null ? null : value + (from[name] ?? 0);
  };
  return {
    ...sample,
    elapsedS: from.elapsedS + sample.elapsedS,
    events_into_broker: sum("events_into_broker"),
    events_into_log: sum("events_into_log"),
    windows: sum("windows"),
    datasets: sum("datasets"),
    late: sum("late"),
    dead_letters: sum("dead_letters"),
    kafka_bytes: sum("kafka_bytes"),
    usage: recordOf(PROCESSES, (name) => {
      const used = sample.usage[name];
      return used && { ...used, cpuS: used.cpuS + (from.usage[name]?.cpuS ?? 0) };
    }),
  };
}

type Count =
  | "events_into_broker"
  | "events_into_log"
  | "windows"
  | "datasets"
  | "late"
  | "dead_letters"
  | "kafka_bytes";

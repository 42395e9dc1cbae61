/**
 * `deno task experiment`: a run of `deno task dev` with a ramp, sampled once a second, whose report
 * stands in a folder. The samples are in their file as they are taken.
 */
import os from "node:os";
import process from "node:process";
import { messageOf, WattstreamError } from "../../shared/errors.ts";
import type { RunFollower } from "../dev/follower.ts";
import type { Judgement } from "../dev/judgement.ts";
import { type DevParts, runDev } from "../dev/run.ts";
import type { DevSystem } from "../dev/system.ts";
import {
  devConfigOf,
  type ExperimentConfig,
  type Progress,
  rampArgs,
  usersAtStart,
} from "./config.ts";
import { reportTables, sampleHead, sampleLine } from "./csv.ts";
import { type LatencyMs, latencyOf } from "./histogram.ts";
import { continued, type CutRun, RunFiles } from "./cut_run.ts";
import { drawUsers, logFigures } from "./log_figures.ts";
import { KafkaTraffic } from "../kafka_traffic.ts";
import { renderPage } from "./page.ts";
import { type PredictionBasis, predictionOf, predictionText, readBasis } from "./prediction.ts";
import { progressText } from "./progress.ts";
import { type ExperimentReport, reportOf } from "./report.ts";
import {
  bucketsOfStage,
  lastKnown,
  type Sample,
  Sampler,
  STAGE_NAMES,
  type Usage,
} from "./sampler.ts";

export interface ExperimentParts extends Omit<DevParts, "follower" | "rampArgs"> {
  /** Unix ms. */
  readonly nowMs: () => number;
  /** What was given by flags, as variables. */
  readonly givenByFlag: Readonly<Record<string, string>>;
}

const BAD_CONFIG = 2;

/** Runs to the end; the exit code is that of `deno task dev`. */
export async function runExperiment(
  config: ExperimentConfig,
  parts: ExperimentParts,
): Promise<number> {
  const files = new RunFiles(config.out);
  let cut: CutRun | undefined;
  let basis: PredictionBasis | undefined;
  try {
    basis = config.bench === undefined ? undefined : await readBasis(config.bench, parts.random);
    cut = await openRun(files, config);
  } catch (error) {
    parts.view.line(`experiment: ${messageOf(error)}`);
    return BAD_CONFIG;
  }
  using experiment = new Experiment(config, parts, { files, cut, basis });
  const from = cut && progressOf(cut);
  const dev = { data: files.logFolder, ...devConfigOf(config, from) };
  const exitCode = await runDev(dev, {
    ...parts,
    follower: experiment,
    rampArgs: rampArgs(config, from),
  });
  if (experiment.isJudged && config.data === undefined) {
    if (exitCode === 0) await files.removeLog();
    else parts.view.line(`The log, and those of the workers, are kept in ${files.logFolder}`);
  }
  return exitCode;
}

function progressOf({ samples }: CutRun): Progress {
  // A run that was just gone on with had none for a moment.
  const households = samples.reduce((max, sample) => Math.max(max, sample.households ?? 0), 0);
  return { elapsedS: samples.at(-1)!.elapsedS, households };
}

/**
 * The run to go on with; undefined for a new one, for which the folder is then ready.
 * @throws WattstreamError `config` where it is not.
 */
async function openRun(
  files: RunFiles,
  { resume }: ExperimentConfig,
): Promise<CutRun | undefined> {
  const cut = await files.read();
  if (resume) {
    if (cut !== undefined) return cut;
    throw new WattstreamError("config", `There is no run in ${files.folder} that was cut`);
  }
  if (cut !== undefined) {
    throw new WattstreamError(
      "config",
      `Go on with --resume: ${files.folder} holds a run that was cut. For a new one choose ` +
        "another --out, or remove that folder",
    );
  }
  try {
    await Deno.mkdir(files.folder, { recursive: true });
    // Of a run that was not right, and left for a look.
    await files.removeLog();
  } catch (cause) {
    throw new WattstreamError("config", `Choose another --out: ${messageOf(cause)}`, { cause });
  }
  return undefined;
}

class Experiment implements RunFollower {
  readonly #config: ExperimentConfig;
  readonly #parts: ExperimentParts;
  readonly #files: RunFiles;
  readonly #cut: CutRun | undefined;
  readonly #basis: PredictionBasis | undefined;
  /** Where it stood when it was cut. */
  readonly #from: Sample | undefined;
  readonly #startedAtMs: number;
  readonly #samples: Sample[];
  /** From the first sample on: until then another run may have the folder. */
  #open: { readonly sampler: Sampler; readonly file: Deno.FsFile } | undefined;
  #isJudged = false;

  constructor(
    config: ExperimentConfig,
    parts: ExperimentParts,
    { files, cut, basis }: {
      readonly files: RunFiles;
      readonly cut: CutRun | undefined;
      readonly basis: PredictionBasis | undefined;
    },
  ) {
    this.#config = config;
    this.#parts = parts;
    this.#files = files;
    this.#cut = cut;
    this.#basis = basis;
    this.#from = cut && lastKnown(cut.samples);
    this.#startedAtMs = cut?.startedAtMs ?? parts.nowMs();
    this.#samples = [...cut?.samples ?? []];
  }

  /** Its report is written. */
  get isJudged(): boolean {
    return this.#isJudged;
  }

  phase(publishedMs: number): string {
    const { durationMs } = this.#config;
    const beforeMs = Math.min(durationMs, 1000 * (this.#from?.elapsedS ?? 0));
    return progressText(beforeMs + publishedMs, durationMs);
  }

  sampled(system: DevSystem, figures: Parameters<RunFollower["sampled"]>[1]): void {
    this.#open ??= this.#begin(system);
    const { sampler, file } = this.#open;
    const sample = continued(sampler.take(system, figures), this.#from);
    this.#samples.push(sample);
    file.writeSync(new TextEncoder().encode(sampleLine(sample)));
  }

  #begin(system: DevSystem) {
    const { logUrl } = system.folder;
    const traffic = logUrl.startsWith("kafka:") ? new KafkaTraffic(logUrl) : undefined;
    const { elapsedMs } = this.#parts;
    const kafkaBytes = () => traffic?.take() ?? null;
    const sampler = new Sampler({ elapsedMs, ownUsage, kafkaBytes });
    const file = Deno.openSync(this.#files.samplesPath, {
      ...{ create: true, write: true, truncate: true },
    });
    const lines = [sampleHead(), ...this.#samples.map(sampleLine)].join("");
    file.writeSync(new TextEncoder().encode(lines));
    this.#files.keep({
      startedAtMs: this.#startedAtMs,
      variables: this.#parts.givenByFlag,
      before: this.#before(system),
      cutsS: this.#cut?.cutsS ?? [],
    });
    return { sampler, file };
  }

  #before(system: DevSystem): CutRun["before"] {
    return this.#cut?.before ?? system.before;
  }

  async judged(system: DevSystem, judgement: Judgement): Promise<void> {
    const { out } = this.#config;
    const { report: run, problems, readingToWindowMsMax } = judgement;
    const published = this.#samples.reduce(
      (max, { households }) => Math.max(max, households ?? 0),
      0,
    );
    const prediction = this.#basis && predictionOf(this.#samples, this.#basis);
    const report = reportOf({
      prediction,
      ...{ run, problems, samples: this.#samples, startedAtMs: this.#startedAtMs },
      from: this.#from,
      settings: {
        ...settingsOf(this.#config, system),
        ...this.#cut && { "cut at second": this.#cut.cutsS.join(", ") },
      },
      machine: {
        cores: os.availableParallelism(),
        memory_bytes: os.totalmem(),
        system: `${os.type()} ${os.arch()}, Deno ${Deno.version.deno}`,
      },
      logFigures: await logFigures(system.log, {
        before: this.#before(system),
        usernames: drawUsers(published, this.#parts.random),
      }),
      latencies: {
        reading_to_window: { ...run.latency_ms.reading_to_window, max: readingToWindowMsMax },
        ...latenciesOf(system),
      },
    });
    const files = {
      "report.json": `${JSON.stringify(report, null, 2)}\n`,
      "report.html": await renderPage(report, this.#samples),
      ...reportTables(report),
    };
    for (const [name, text] of Object.entries(files)) {
      await Deno.writeTextFile(`${out}/${name}`, text);
    }
    await this.#files.forget();
    this.#isJudged = true;
    if (prediction !== undefined) this.#parts.view.line(`\n${predictionText(prediction)}`);
    this.#parts.view.line(`\nReport: ${out}/report.html, report.json and CSV files beside them`);
  }

  [Symbol.dispose](): void {
    this.#open?.file.close();
  }
}

/** Over the whole run. */
function latenciesOf(system: DevSystem): Record<string, LatencyMs> {
  return Object.fromEntries(
    STAGE_NAMES.map((stage) => [stage, latencyOf(bucketsOfStage(system, stage))]),
  );
}

function ownUsage(): Usage {
  const { user, system } = process.cpuUsage();
  return { cpuS: (user + system) / 1e6, memoryBytes: Deno.memoryUsage().rss };
}

/** What the run depends on, named as its flags; nothing that could hold a secret. */
function settingsOf(config: ExperimentConfig, system: DevSystem): ExperimentReport["settings"] {
  const scheme = (url: string) => url.slice(0, url.indexOf(":"));
  return {
    "users": usersAtStart(config),
    "increase-users": config.increaseUsers,
    "increase-in-seconds": config.increaseInSeconds,
    "total-users": config.totalUsers,
    "duration": config.durationMs / 1000,
    "qos": config.qos,
    "seed": config.seed ?? null,
    "log": scheme(system.folder.logUrl),
    "broker": system.broker === undefined ? scheme(system.mqttUrl) : "embedded",
    "window": config.windowS,
    "slide": config.slideS,
    "lateness": config.latenessS,
    "gap": config.gapS,
    "min-duration": config.minDurationS,
    "max-session": config.maxSessionS,
    "idle-timeout": config.idleTimeoutS,
  };
}

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
import { devConfigOf, type ExperimentConfig, rampArgs } from "./config.ts";
import { reportTables, sampleHead, sampleLine } from "./csv.ts";
import { type LatencyMs, latencyOf } from "./histogram.ts";
import { drawUsers, logFigures } from "./log_figures.ts";
import { renderPage } from "./page.ts";
import { progressText } from "./progress.ts";
import { type ExperimentReport, reportOf } from "./report.ts";
import { bucketsOfStage, type Sample, Sampler, STAGE_NAMES, type Usage } from "./sampler.ts";

export interface ExperimentParts extends Omit<DevParts, "follower" | "rampArgs"> {
  /** Unix ms. */
  readonly nowMs: () => number;
}

const BAD_CONFIG = 2;

/** Runs to the end; the exit code is that of `deno task dev`. */
export async function runExperiment(
  config: ExperimentConfig,
  parts: ExperimentParts,
): Promise<number> {
  let experiment: Experiment;
  try {
    await Deno.mkdir(config.out, { recursive: true });
    experiment = new Experiment(config, parts, await openSamples(config.out));
  } catch (error) {
    parts.view.line(
      `experiment: ${
        messageOf(new WattstreamError("config", `Choose another --out: ${messageOf(error)}`))
      }`,
    );
    return BAD_CONFIG;
  }
  using _ = experiment;
  return await runDev(devConfigOf(config), {
    ...parts,
    follower: experiment,
    rampArgs: rampArgs(config),
  });
}

async function openSamples(folder: string): Promise<Deno.FsFile> {
  const file = await Deno.open(`${folder}/samples.csv`, {
    ...{ create: true, write: true, truncate: true },
  });
  file.writeSync(new TextEncoder().encode(sampleHead()));
  return file;
}

class Experiment implements RunFollower {
  readonly #config: ExperimentConfig;
  readonly #parts: ExperimentParts;
  readonly #file: Deno.FsFile;
  readonly #startedAtMs: number;
  readonly #samples: Sample[] = [];
  #sampler: Sampler | undefined;

  constructor(config: ExperimentConfig, parts: ExperimentParts, file: Deno.FsFile) {
    this.#config = config;
    this.#parts = parts;
    this.#file = file;
    this.#startedAtMs = parts.nowMs();
  }

  phase(publishedMs: number): string {
    return progressText(publishedMs, this.#config.durationMs);
  }

  sampled(system: DevSystem, figures: Parameters<RunFollower["sampled"]>[1]): void {
    this.#sampler ??= new Sampler(this.#parts.elapsedMs, ownUsage);
    const sample = this.#sampler.take(system, figures);
    this.#samples.push(sample);
    this.#file.writeSync(new TextEncoder().encode(sampleLine(sample)));
  }

  async judged(system: DevSystem, judgement: Judgement): Promise<void> {
    const { out } = this.#config;
    const { report: run, problems, readingToWindowMsMax } = judgement;
    const published = this.#samples.reduce((max, sample) => Math.max(max, sample.households), 0);
    const report = reportOf({
      ...{ run, problems, samples: this.#samples, startedAtMs: this.#startedAtMs },
      settings: settingsOf(this.#config, system),
      machine: {
        cores: os.availableParallelism(),
        memory_bytes: os.totalmem(),
        system: `${os.type()} ${os.arch()}, Deno ${Deno.version.deno}`,
      },
      logFigures: await logFigures(system.log, {
        before: system.before,
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
    this.#parts.view.line(`\nReport: ${out}/report.html, report.json and CSV files beside them`);
  }

  [Symbol.dispose](): void {
    this.#file.close();
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
    "users": config.users,
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

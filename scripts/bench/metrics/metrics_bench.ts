/**
 * What metrics cost: a job by the worker as it is, scraped each second, and by the same worker without
 * any, in turn on one log; and how long a scrape takes.
 */
import { WattstreamError } from "../../../shared/errors.ts";
import { pause } from "../../../shared/pause.ts";
import { freePorts } from "../../../shared/services/ports.ts";
import type { LogPlace } from "../broker.ts";
import type { Bundle } from "../bundles.ts";
import { EngineProcess, runEngines, untilDone, wattstream } from "../engine_run.ts";
import type { LoadSize } from "../household_load.ts";
import type { Job } from "../jobs.ts";
import { figuresOf, type JobFigures, withInputs } from "../kafka_bench.ts";
import { medianOf } from "../results.ts";

/** A Prometheus looks every 15 s. */
const SCRAPE_EVERY_MS = 1_000;
/** Of a worker that has read everything. */
const SCRAPES = 200;
/** Readings of each household that is alive then. */
const READINGS_EACH = 10;

export interface CostFigures {
  /** Inputs a second with metrics, as a share of those without: 1 is no cost. */
  readonly perSToWithout: number;
  readonly perCpuSToWithout: number;
  /** With metrics. */
  readonly inputPerS: number;
  readonly inputPerCpuS: number;
}

export interface ScrapeFigures {
  readonly scrapeMs: number;
  readonly scrapeMsMax: number;
  readonly bytes: number;
}

/** Both workers once. @param isFirst whether the one with metrics is first. */
export async function benchMetrics(
  withPlace: <T>(run: (place: LogPlace) => Promise<T>) => Promise<T>,
  { job, load, isFirst }: {
    readonly job: Job;
    readonly load: LoadSize;
    readonly isFirst: boolean;
  },
): Promise<CostFigures> {
  const order: readonly Bundle[] = isFirst ? ["shipped", "unmeasured"] : ["unmeasured", "shipped"];
  const figures = new Map<Bundle, JobFigures>();
  for (const bundle of order) {
    figures.set(bundle, await withPlace((place) => runJob(place, { job, load, bundle })));
  }
  const [own, without] = [figures.get("shipped")!, figures.get("unmeasured")!];
  return {
    perSToWithout: own.inputPerS / without.inputPerS,
    perCpuSToWithout: own.inputPerCpuS / without.inputPerCpuS,
    inputPerS: own.inputPerS,
    inputPerCpuS: own.inputPerCpuS,
  };
}

async function runJob(
  place: LogPlace,
  { job, load, bundle }: {
    readonly job: Job;
    readonly load: LoadSize;
    readonly bundle: Bundle;
  },
): Promise<JobFigures> {
  const address = `127.0.0.1:${freePorts(1)[0]}`;
  const engines = [wattstream({ flags: ["--http", address], bundle })];
  return await withInputs(place, { job, load }, async ({ log, task, inputs }) => {
    const over = new AbortController();
    const scraping = bundle === "shipped" ? scrapeOnAndOn(address, over.signal) : undefined;
    try {
      const used = await runEngines(place, { log, engines, task });
      return figuresOf({ inputs, outputs: 0, used });
    } finally {
      over.abort();
      await scraping;
    }
  });
}

async function scrapeOnAndOn(address: string, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    try {
      await scrape(address);
    } catch (error) {
      // It does not listen yet, or no more.
      if (!(error instanceof TypeError)) throw error;
    }
    await pause(SCRAPE_EVERY_MS, signal);
  }
}

/** Scrapes of a `predictions` worker for which so many households are alive. */
export async function benchScrape(place: LogPlace, households: number): Promise<ScrapeFigures> {
  const address = `127.0.0.1:${freePorts(1)[0]}`;
  const engine = wattstream({ flags: ["--http", address] });
  const load = { count: READINGS_EACH * households, households };
  return await withInputs(place, { job: "windows", load }, async ({ log, task }) => {
    await using running = new EngineProcess(place, engine, task);
    await untilDone(log, { processes: [running], task });
    const times: number[] = [];
    let text = "";
    while (times.length < SCRAPES) {
      const startMs = performance.now();
      text = await scrape(address);
      times.push(performance.now() - startMs);
    }
    const alive = Number(/^wattstream_households (\d+)$/m.exec(text)?.[1]);
    if (alive !== households) {
      throw new WattstreamError("invariant", `${alive} households are alive, not ${households}`);
    }
    const bytes = new TextEncoder().encode(text).length;
    return { scrapeMs: medianOf(times), scrapeMsMax: Math.max(...times), bytes };
  });
}

async function scrape(address: string): Promise<string> {
  const response = await fetch(`http://${address}/metrics`);
  return await response.text();
}

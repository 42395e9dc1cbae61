/** Evaluates recordings: labels from before, a test after, every method on the same. */
import { WattstreamError } from "../../shared/errors.ts";
import { checkOutputFile } from "../output_file.ts";
import { openRecordings } from "../../workers/simulator/recordings/open.ts";
import type { EvaluateConfig } from "./config.ts";
import type { Evaluated, Trace } from "./evaluated.ts";
import { type Figures, figuresOf, joined, meanOf } from "./figures.ts";
import { chooseLabels } from "./labels.ts";
import { combinatorial, majority } from "./methods/baselines.ts";
import { fhmm } from "./methods/fhmm.ts";
import type { Method } from "./methods/method.ts";
import { ours } from "./methods/ours.ts";
import { indexAt, loadSamples, type Samples } from "./samples.ts";
import { evaluateSimulated } from "./simulation/evaluate_simulated.ts";
import { renderPage, type Shown } from "./page.ts";
import { tableOf } from "./table.ts";
import { traceOf } from "./trace.ts";

const METHODS: Readonly<Record<string, Method>> = { ours, co: combinatorial, fhmm, majority };

/** @throws WattstreamError `config` where a recording cannot be used. */
export async function runEvaluation(
  paths: readonly string[],
  config: EvaluateConfig,
  print: (text: string) => void,
): Promise<void> {
  await checkOutputFile("--json", config.json);
  await checkOutputFile("--html", config.html);
  const shown: Shown[] = [];
  for await (const each of evaluateAll(paths, config)) {
    shown.push(each);
    print(tableOf(each.evaluated));
  }
  const all = shown.map(({ evaluated }) => evaluated);
  if (config.json !== undefined) await Deno.writeTextFile(config.json, jsonOf(all));
  if (config.html !== undefined) await Deno.writeTextFile(config.html, await renderPage(shown));
}

function jsonOf(all: readonly Evaluated[]): string {
  const methods: Record<string, Figures> = {};
  for (const name of Object.keys(all[0]!.methods)) {
    const found = all.filter((each) => each.methods[name] !== undefined)
      .map(({ household, methods }) => ({ household, figures: methods[name]! }));
    if (found.length === all.length) methods[name] = joined(found);
  }
  return `${JSON.stringify({ methods, recordings: all }, null, 2)}\n`;
}

async function* evaluateAll(
  paths: readonly string[],
  config: EvaluateConfig,
): AsyncGenerator<Shown> {
  const { simulate, seeds, labelsS } = config;
  for (const devices of simulate ?? []) {
    yield evaluateSimulated(METHODS, { devices, seeds, labelsS });
  }
  if (simulate !== undefined) return;
  for (const recording of await openRecordings(paths, { ...config, withWatts: true })) {
    yield evaluate(await loadSamples(recording), config);
  }
}

function evaluate(samples: Samples, config: EvaluateConfig): Shown {
  const { timestamps, powerW, household, paceS } = samples;
  const until = config.testFromS === undefined
    ? timestamps.length >> 1
    : indexAt(samples, config.testFromS);
  const count = Math.round(config.labelsS / paceS);
  const readings = { timestamps: timestamps.subarray(until), powerW: powerW.subarray(until) };
  const found = new Map<string, Figures[]>();
  let [labelledS, trace]: [number, Trace | undefined] = [0, undefined];
  for (let seed = 1; seed <= config.seeds; seed++) {
    const labels = chooseLabels(samples, { until, count, from: config.labelsFrom, seed });
    if (labels.length === 0 || until === timestamps.length) {
      throw new WattstreamError(
        "config",
        `${household}: expected labelled samples before --test-from, and samples after it`,
      );
    }
    labelledS = labels.reduce((sum, { timestamps }) => sum + timestamps.length, 0) * paceS;
    for (const [name, method] of Object.entries(METHODS)) {
      const estimate = method.estimate(labels, readings);
      if (estimate === undefined) continue;
      if (method === ours) trace ??= traceOf(samples, until, estimate);
      found.set(name, [...found.get(name) ?? [], figuresOf(samples, until, estimate)]);
    }
  }
  const evaluated = {
    household,
    labelled_s: Math.round(labelledS),
    test_s: Math.round(readings.timestamps.length * paceS),
    methods: Object.fromEntries([...found].map(([name, figures]) => [name, meanOf(figures)])),
  };
  return { evaluated, trace: trace! };
}

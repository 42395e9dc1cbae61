/**
 * `deno task dev`: everything on this machine, from the first publication to the closing report.
 *
 *   open ─▶ bridge ready ─▶ simulator publishes ─────────▶ drain ─▶ judge ─▶ report, exit 0 or 1
 *                           (Ctrl-C, --duration, end of     second Ctrl-C at any time: exit 130
 *                           the recording)
 */
import { pause } from "../../shared/pause.ts";
import { hasCode, messageOf, WattstreamError } from "../../shared/errors.ts";
import { StallWatch } from "../../shared/service/stall_watch.ts";
import { BrokerWatch, droppedLines } from "./broker_watch.ts";
import { type DevConfig, semanticsOf } from "./config.ts";
import { consoleAddress } from "./console.ts";
import { drain } from "./drain.ts";
import { headerText } from "./header.ts";
import type { RunFollower } from "./follower.ts";
import { judge } from "./judgement.ts";
import { takeLeft } from "./left_in_broker.ts";
import { UnreadTopics } from "./unread_topics.ts";
import { clockText, LiveFigures } from "./live_figures.ts";
import { checkRecordings, type RecordingsToReplay } from "./recordings.ts";
import { renderReport } from "./report.ts";
import { checkOutputFile } from "../output_file.ts";
import type { StopSignals } from "./stop_signals.ts";
import { SILENT, type SupervisedWorker } from "./supervised_worker.ts";
import { acknowledgedBy, DevSystem } from "./system.ts";
import type { View } from "./view.ts";
import { checkPorts } from "./worker_addresses.ts";
import { listenTo } from "./worker_lines.ts";

/** How long a bridge may say that it is not ready, and the same reason. */
const READY_STALL_MS = 60_000;
const READY_POLL_MS = 100;

const RIGHT = 0;
const FAILED = 1;
const BAD_CONFIG = 2;
const LEFT_AT_ONCE = 130;

/** What belongs to the process. */
export interface DevParts {
  readonly view: View;
  readonly signals: StopSignals;
  readonly env: Readonly<Record<string, string>>;
  /** Flags and variables that were given, as variables for the workers. */
  readonly variables: Readonly<Record<string, string>>;
  /** ms, for durations. */
  readonly elapsedMs: () => number;
  /** A number in [0, 1). */
  readonly random: () => number;
  readonly follower?: RunFollower;
  /** Flags of the simulator in place of `--users` for all households at once. */
  readonly rampArgs?: readonly string[];
}

/** Runs to the end; the exit code: 0 right, 1 not right or failed, 2 bad settings, 130 left at once. */
export async function runDev(config: DevConfig, parts: DevParts): Promise<number> {
  const { view, signals } = parts;
  let system: DevSystem | undefined;
  let exitCode = FAILED;
  const run = async () => {
    await checkOutputFile("--report", config.report);
    checkPorts(config);
    const recordings = await checkRecordings(config, view);
    const unread = new UnreadTopics(view, config.mqttTopics);
    system = await DevSystem.open({
      ...{ config, ...parts },
      consoleAddress: await consoleAddress(config, view),
      listener: listenTo(view),
      onPublished: (topic) => unread.see(topic),
      brokerListener: (bridgeClientId) => new BrokerWatch(view, parts.elapsedMs, bridgeClientId),
    });
    return await runSystem(system, config, { ...parts, recordings });
  };
  try {
    exitCode = await Promise.race([run(), untilAborted(signals.leave).then(() => LEFT_AT_ONCE)]);
  } catch (error) {
    view.close();
    view.line(`dev: ${messageOf(error)}`);
    if (hasCode(error, "config")) exitCode = BAD_CONFIG;
  } finally {
    view.close();
    await system?.close(exitCode === FAILED);
  }
  if (exitCode === FAILED && system?.folder.isTemporary) {
    view.line(`The log, and those of the workers, are kept in ${system.folder.path}`);
  }
  return exitCode;
}

async function runSystem(
  system: DevSystem,
  config: DevConfig,
  parts: DevParts & { readonly recordings: RecordingsToReplay },
): Promise<number> {
  const { view, signals, elapsedMs } = parts;
  const { stop } = signals;
  tellOfConsole(system, view);
  const failures = system.workers.map(failureOf);
  await Promise.race([untilReady(system.bridge, parts), ...failures]);
  const startMs = elapsedMs();
  if (!stop.aborted) {
    failures.push(failureOf(system.startSimulator()));
    view.line(headerText(config, system));
  }
  const live = new LiveFigures(system, {
    ...{ view, elapsedMs, samples: parts.recordings.samples },
    sampled: (figures) => parts.follower?.sampled(system, figures),
  });
  const duration = config.durationMs === undefined ? "" : ` of ${clockText(config.durationMs)}`;
  live.phase = () =>
    parts.follower?.phase(elapsedMs() - startMs) ??
      `${clockText(elapsedMs() - startMs)}${duration}`;
  const watching = live.run();
  failures.push(watching.then(() => never));
  await Promise.race([untilEnd(system, config, stop), ...failures]);
  const durationS = Math.round((elapsedMs() - startMs) / 100) / 10;
  const draining = drain(system, (phase) => live.phase = () => phase);
  await Promise.race([draining, ...failures]);
  live.stop();
  await watching;
  return await report(system, { config, durationS, ...parts });
}

/** Says where the console is, first of all, and later where there is none any more. */
function tellOfConsole({ console, consoleAddress }: DevSystem, view: View): void {
  if (console === undefined) return;
  view.line(`Watch it at http://${consoleAddress}\n`);
  void console.over.then((end) => {
    if (end.kind === "failed") view.line(`dev: going on without a console: ${end.reason}`);
  });
}

/** Judges the run, prints the report and writes it to its file. */
async function report(
  system: DevSystem,
  { config, durationS, recordings, view, follower }: {
    readonly config: DevConfig;
    readonly durationS: number;
    readonly recordings: RecordingsToReplay;
  } & Pick<DevParts, "view" | "follower">,
): Promise<number> {
  const { log, before, broker, bridgeClientId, simulator } = system;
  const dropped = broker?.dropped ?? new Map<string, number>();
  const households = config.replay === undefined ? config.households : recordings.count;
  const judgement = await judge(log, semanticsOf(config), {
    households: simulator === undefined ? 0 : households,
    durationS,
    acknowledged: acknowledgedBy(simulator),
    broker: broker && { received: broker.publishedCount, dropped, bridgeClientId },
    isLearning: !config.noDisaggregation,
    isDense: system.folder.logUrl.startsWith("sqlite:"),
    before,
    takeLeft: async () => await takeLeft(await system.bridgeSession()),
  });
  const { report, problems, notes } = judgement;
  view.close();
  const lines = ["", renderReport(report, problems), ...notes];
  view.line([...lines, ...droppedLines(dropped, bridgeClientId)].join("\n"));
  if (config.report !== undefined) {
    await Deno.writeTextFile(config.report, `${JSON.stringify(report, null, 2)}\n`);
  }
  await follower?.judged(system, judgement);
  return problems.length === 0 ? RIGHT : FAILED;
}

/** The broker keeps messages for a bridge that it knows: nothing may be published before. */
async function untilReady(
  bridge: SupervisedWorker,
  { signals }: Pick<DevParts, "signals">,
): Promise<void> {
  const watch = new StallWatch(Infinity, () => {});
  let last: string | undefined;
  try {
    while (!signals.stop.aborted) {
      const problem = await bridge.problem();
      if (problem === undefined) return;
      if (problem !== last || SILENT.some((text) => text === problem)) watch.moved();
      last = problem;
      if (watch.stillMs >= READY_STALL_MS) {
        throw new WattstreamError("unavailable", `The bridge does not get ready: ${problem}`);
      }
      await pause(READY_POLL_MS, signals.stop);
    }
  } finally {
    watch.close();
  }
}

/** Until Ctrl-C, the end of `--duration`, or that of the simulator. */
async function untilEnd(
  { simulator }: DevSystem,
  { durationMs }: DevConfig,
  stop: AbortSignal,
): Promise<void> {
  const over = new AbortController();
  const ends: Promise<unknown>[] = [untilAborted(stop)];
  if (durationMs !== undefined) ends.push(pause(durationMs, over.signal));
  if (simulator !== undefined) ends.push(simulator.over);
  await Promise.race(ends);
  over.abort();
}

const never = new Promise<never>(() => {});

/** Rejects where a worker fails for good. */
async function failureOf(worker: SupervisedWorker): Promise<never> {
  const end = await worker.over;
  if (end.kind !== "failed") return await never;
  throw new WattstreamError(end.exitCode === BAD_CONFIG ? "config" : "unavailable", end.reason);
}

function untilAborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener("abort", () => resolve(), { once: true });
  });
}

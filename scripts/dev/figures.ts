/** The figures of the live view: from the log's offsets and the workers' metrics. */
import { groupLags } from "../../shared/log/lag.ts";
import type { Log, TopicDescription } from "../../shared/log/log.ts";
import {
  DATASET_TOPIC,
  DEVICE_STATE_TOPIC,
  DISAGGREGATED_TOPIC,
  POWER_TOPIC,
  PREDICTIONS_TOPIC,
} from "../../shared/topics.ts";
import type { SupervisedWorker } from "./supervised_worker.ts";

/** Rates are taken over this time. */
const RATE_MS = 5_000;

/** Whose size is shown. */
const TOPICS = [POWER_TOPIC, DEVICE_STATE_TOPIC, PREDICTIONS_TOPIC, DATASET_TOPIC];

export interface Figures {
  /** Alive: heard of within `idle-timeout`. */
  readonly households: number;
  /** Of this run, as the following. */
  readonly readings: number;
  readonly readingsPerS: number;
  readonly windows: number;
  readonly windowsPerS: number;
  readonly datasets: number;
  /** Models and disaggregated seconds; undefined where nobody makes any. */
  readonly disaggregated: number | undefined;
  readonly late: number;
  readonly deadLetters: number;
  /** Records that the stream workers have not processed yet. */
  readonly lag: number;
  /** Of inputs, windows and datasets, as the log counts them. */
  readonly logBytes: number;
}

export interface FigureSources {
  readonly log: Pick<Log, "describe" | "groupOffsets">;
  readonly bridge: SupervisedWorker;
  readonly predictions: SupervisedWorker;
  readonly training: SupervisedWorker;
  readonly disaggregation: SupervisedWorker | undefined;
  /** Readings in the log when the run began. */
  readonly readingsBefore: number;
  readonly elapsedMs: () => number;
}

export class FigureReader {
  readonly #sources: FigureSources;
  #history: { readonly atMs: number; readonly readings: number; readonly windows: number }[] = [];

  constructor(sources: FigureSources) {
    this.#sources = sources;
  }

  async read(): Promise<Figures> {
    const { log, bridge, predictions, training, disaggregation } = this.#sources;
    const { readingsBefore, elapsedMs } = this.#sources;
    const workers = [bridge, predictions, training, disaggregation];
    await Promise.all(workers.map((worker) => worker?.look()));
    // Ticks stand in the same topic.
    const topics = await log.describe(TOPICS);
    const readings = countReadings(topics) - readingsBefore -
      predictions.counters.total('wattstream_records_total{outcome="tick"}');
    const windows = predictions.counters.totalOf("wattstream_outputs_total");
    const late = 'wattstream_records_total{outcome="late"}';
    this.#history.push({ atMs: elapsedMs(), readings, windows });
    while (this.#history.length > 2 && elapsedMs() - this.#history[1]!.atMs > RATE_MS) {
      this.#history.shift();
    }
    return {
      households: predictions.counters.now("wattstream_households"),
      readings,
      readingsPerS: this.#rate("readings"),
      windows,
      windowsPerS: this.#rate("windows"),
      datasets: training.counters.totalOf("wattstream_outputs_total"),
      disaggregated: disaggregation?.counters.total(
        `wattstream_outputs_total{topic="${DISAGGREGATED_TOPIC}"}`,
      ),
      late: predictions.counters.total(late) + training.counters.total(late),
      deadLetters: bridge.counters.totalOf("wattstream_bridge_dead_letters_total") +
        predictions.counters.totalOf("wattstream_dead_letters_total") +
        training.counters.totalOf("wattstream_dead_letters_total"),
      lag: (await groupLags(log)).reduce((sum, { records }) => sum + records, 0),
      logBytes: topics.flatMap(({ partitions }) => partitions)
        .reduce((sum, { bytes }) => sum + bytes, 0),
    };
  }

  #rate(name: "readings" | "windows"): number {
    const first = this.#history[0]!;
    const last = this.#history.at(-1)!;
    const seconds = (last.atMs - first.atMs) / 1000;
    return seconds === 0 ? 0 : (last[name] - first[name]) / seconds;
  }
}

/** Offsets given to readings so far. */
export function countReadings(topics: readonly TopicDescription[]): number {
  const power = topics.find(({ name }) => name === POWER_TOPIC);
  return power?.partitions.reduce((sum, { endOffset }) => sum + endOffset, 0) ?? 0;
}

/**
 * Metrics of a worker as a typed table over prom-client: name, kind, help and label values stand in
 * one place, and a name or label that is not in the table does not compile. Names are API.
 */
import { Counter, Gauge, Histogram, Registry } from "prom-client";

/**
 * Stands for the values of a label that are the numbers of partitions: bounded by the topics, but
 * known only once a task is ours.
 */
export const TASK_NUMBERS = "task numbers";

/** Bounds of the buckets of durations and delays, s: from 1 ms to a minute. */
export const LATENCY_BUCKETS: readonly number[] = [
  ...[0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60],
];

type LabelValues = readonly string[] | typeof TASK_NUMBERS;

/** A metric of a worker. `labels` gives every value that each label can have. */
export interface MetricSpec {
  readonly kind: "counter" | "gauge" | "histogram";
  readonly help: string;
  readonly labels?: Readonly<Record<string, LabelValues>>;
  /** Upper bounds of a histogram's buckets. */
  readonly buckets?: readonly number[];
}

export type MetricTable = Readonly<Record<string, MetricSpec>>;

type LabelsOf<S extends MetricSpec> = S["labels"] extends Readonly<Record<string, LabelValues>> ? {
    readonly [L in keyof S["labels"]]: S["labels"][L] extends readonly string[]
      ? S["labels"][L][number]
      : string;
  }
  : Record<string, never>;

/** The live metrics of a table. Add per batch, not per record. */
export class Metrics<T extends MetricTable> {
  readonly #registry = new Registry();
  readonly #readers: (() => void)[] = [];
  readonly #metrics = new Map<string, Counter | Gauge | Histogram>();

  constructor(table: T) {
    for (const [name, spec] of Object.entries(table)) {
      const options = {
        name,
        help: spec.help,
        labelNames: Object.keys(spec.labels ?? {}),
        registers: [this.#registry],
      };
      const metric = spec.kind === "counter"
        ? new Counter(options)
        : spec.kind === "gauge"
        ? new Gauge(options)
        : new Histogram({ ...options, ...(spec.buckets && { buckets: [...spec.buckets] }) });
      this.#metrics.set(name, metric);
      // Every series exists from the start, so that a rate over it is right from its first event.
      if (!(metric instanceof Histogram)) {
        for (const labels of combinations(spec.labels ?? {})) metric.inc(labels, 0);
      }
    }
  }

  /** Adds to a counter or gauge. */
  add<N extends keyof T & string>(name: N, amount: number, labels?: LabelsOf<T[N]>): void {
    const metric = this.#metrics.get(name) as Counter | Gauge;
    if (amount !== 0) metric.inc({ ...labels }, amount);
  }

  /** Sets a gauge. */
  set<N extends keyof T & string>(name: N, value: number, labels?: LabelsOf<T[N]>): void {
    (this.#metrics.get(name) as Gauge).set({ ...labels }, value);
  }

  /** Takes away a series: what it tells of is no longer ours. */
  remove<N extends keyof T & string>(name: N, labels: LabelsOf<T[N]>): void {
    this.#metrics.get(name)!.remove({ ...labels });
  }

  /** Has `read` set what is cheaper to look at than to keep: called before each {@link text}. */
  beforeText(read: () => void): void {
    this.#readers.push(read);
  }

  /** All of them, as Prometheus reads it. */
  async text(): Promise<string> {
    for (const read of this.#readers) read();
    return await this.#registry.metrics();
  }

  /** Puts one value into a histogram. */
  observe<N extends keyof T & string>(name: N, value: number, labels?: LabelsOf<T[N]>): void {
    (this.#metrics.get(name) as Histogram).observe({ ...labels }, value);
  }
}

/** Every combination of the labels' values; none where the values are not known yet. */
function combinations(labels: Readonly<Record<string, LabelValues>>): Record<string, string>[] {
  let all: Record<string, string>[] = [{}];
  for (const [label, values] of Object.entries(labels)) {
    if (values === TASK_NUMBERS) return [];
    all = all.flatMap((rest) => values.map((value) => ({ ...rest, [label]: value })));
  }
  return all;
}

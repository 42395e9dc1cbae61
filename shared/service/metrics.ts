/**
 * Metrics of a worker as a typed table over prom-client: name, kind, help and label values stand in
 * one place, and a name or label that is not in the table does not compile. Names are API.
 */
import { Counter, Gauge, Histogram, Registry } from "prom-client";

/** A metric of a worker. `labels` gives every value that each label can have. */
export interface MetricSpec {
  readonly kind: "counter" | "gauge" | "histogram";
  readonly help: string;
  readonly labels?: Readonly<Record<string, readonly string[]>>;
  /** Upper bounds of a histogram's buckets. */
  readonly buckets?: readonly number[];
}

export type MetricTable = Readonly<Record<string, MetricSpec>>;

type LabelsOf<S extends MetricSpec> = S["labels"] extends
  Readonly<Record<string, readonly string[]>>
  ? { readonly [L in keyof S["labels"]]: S["labels"][L][number] }
  : Record<string, never>;

/** The live metrics of a table. Add per batch, not per record. */
export class Metrics<T extends MetricTable> {
  readonly registry: Registry = new Registry();
  readonly #metrics = new Map<string, Counter | Gauge | Histogram>();

  constructor(table: T) {
    for (const [name, spec] of Object.entries(table)) {
      const options = {
        name,
        help: spec.help,
        labelNames: Object.keys(spec.labels ?? {}),
        registers: [this.registry],
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

  /** Puts one value into a histogram. */
  observe<N extends keyof T & string>(name: N, value: number, labels?: LabelsOf<T[N]>): void {
    (this.#metrics.get(name) as Histogram).observe({ ...labels }, value);
  }
}

function combinations(
  labels: Readonly<Record<string, readonly string[]>>,
): Record<string, string>[] {
  let all: Record<string, string>[] = [{}];
  for (const [label, values] of Object.entries(labels)) {
    all = all.flatMap((rest) => values.map((value) => ({ ...rest, [label]: value })));
  }
  return all;
}

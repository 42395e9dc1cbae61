/** A dashboard as we think of it: panels, each with what it asks Prometheus. */

/** Grafana's names of units. */
export type Unit = "short" | "s" | "bytes" | "percentunit" | "ops";

export interface Query {
  readonly expr: string;
  /** Grafana's template of a series' name: `{{worker}}`. */
  readonly legend: string;
}

export interface Panel {
  readonly title: string;
  /** What it tells, and what is well. */
  readonly help: string;
  readonly unit: Unit;
  /** One number, or lines over time. */
  readonly kind: "number" | "lines";
  readonly queries: readonly Query[];
}

export interface Dashboard {
  /** Name of its file, and its identity in Grafana. */
  readonly name: string;
  readonly title: string;
  /** Whether others export what it shows: Strimzi, EMQX. Ours always has something to show. */
  readonly isOfOthers: boolean;
  readonly panels: readonly Panel[];
}

/** Stands in queries for the time of a rate; Grafana puts in what fits the scrapes. */
export const RATE_TIME = "$__rate_interval";

/** One number. */
export function number(title: string, unit: Unit, expr: string, help: string): Panel {
  return { title, help, unit, kind: "number", queries: [{ expr, legend: "" }] };
}

/** Lines over time: queries by legend. */
export function lines(
  title: string,
  unit: Unit,
  queries: Readonly<Record<string, string>>,
  help: string,
): Panel {
  const all = Object.entries(queries).map(([legend, expr]) => ({ legend, expr }));
  return { title, help, unit, kind: "lines", queries: all };
}

/** The rate of a counter, summed by these labels. */
export function rate(counter: string, by: readonly string[]): string {
  return `sum by (${by.join(", ")}) (rate(${counter}[${RATE_TIME}]))`;
}

/** Half, 95 and 99 of 100 of a histogram's values, by these labels, over time. */
export function quantiles(
  title: string,
  histogram: string,
  by: readonly string[],
  help: string,
): Panel {
  const queries = [0.5, 0.95, 0.99].map((quantile) => {
    const buckets = rate(`${histogram}_bucket`, ["le", ...by]);
    const legend = [...by.map((label) => `{{${label}}}`), `p${quantile * 100}`].join(" ");
    return [legend, `histogram_quantile(${quantile}, ${buckets})`];
  });
  return lines(title, "s", Object.fromEntries(queries), help);
}

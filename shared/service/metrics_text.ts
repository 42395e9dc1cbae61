/** Metrics as Prometheus reads them, read again. */

/** Values by series, named as Prometheus writes it: `name{label="value"}`. */
export type Series = ReadonlyMap<string, number>;

/** Reads Prometheus' text format. */
export function readMetrics(text: string): Series {
  const series = new Map<string, number>();
  for (const line of text.split("\n")) {
    const space = line.lastIndexOf(" ");
    if (line.startsWith("#") || space === -1) continue;
    series.set(line.slice(0, space), Number(line.slice(space + 1)));
  }
  return series;
}

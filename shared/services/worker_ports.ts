/** Where the workers of `deno task dev --http-base PORT` serve their metrics, each at a port of its own. */

/** From the base port on, in this order. */
const WORKERS = [
  "simulator",
  "bridge",
  "predictions",
  "training",
  "disaggregation",
  "publisher",
  "console",
] as const;

export const DEFAULT_HTTP_BASE = 9400;

/** The port of each worker. */
export function workerPorts(base: number): ReadonlyMap<string, number> {
  return new Map(WORKERS.map((name, index) => [name, base + index]));
}

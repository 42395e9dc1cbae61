/**
 * Whether a worker traces, and to where: nothing is loaded, made or asked where it does not.
 *
 * Deno has OpenTelemetry built in, but a binary takes over at its build whether that is on, and it
 * exports the process's console and HTTP requests along with what is wanted.
 */
import { flag } from "../service/config.ts";
import type { Logger } from "../service/logger.ts";
import type { Tracing } from "./tracing.ts";

/** The flags of every worker that can trace. */
export const traceFlags = {
  traceTo: flag.url(["http", "https"]).optional().describe(
    "OpenTelemetry collector (OTLP over HTTP) that is told of traced readings, such as " +
      "http://127.0.0.1:4318; without it nothing is traced",
  ),
};

export interface TraceParts {
  /** Name of the service in the traces. */
  readonly worker: string;
  readonly logger: Logger;
  readonly nowMs: () => number;
}

/** Starts to trace; undefined where no collector is named. */
export async function openTracing(
  { traceTo }: { readonly traceTo?: string | undefined },
  parts: TraceParts,
): Promise<Tracing | undefined> {
  if (traceTo === undefined) return undefined;
  const { Tracing } = await import("./tracing.ts");
  return new Tracing(traceTo, parts);
}

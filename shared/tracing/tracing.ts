/**
 * Spans on their way to an OpenTelemetry collector. At most 2,048 wait: what a collector does not take
 * is dropped and said, and holds up nobody.
 */
import {
  diag,
  DiagLogLevel,
  ROOT_CONTEXT,
  type Span,
  type SpanContext,
  SpanKind,
  trace,
  type Tracer,
} from "@opentelemetry/api";
import { parseTraceParent, setGlobalErrorHandler } from "@opentelemetry/core";
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-http";
import { resourceFromAttributes } from "@opentelemetry/resources";
import { BatchSpanProcessor, TracerProvider } from "@opentelemetry/sdk-trace";
import { messageOf } from "../errors.ts";
import { atMostEvery } from "../service/logger.ts";
import { VERSION } from "../service/version.ts";
import type { TraceParts } from "./open.ts";

/** Header of a record that is traced, as W3C Trace Context has it. */
const TRACE_HEADER = "traceparent";

const EXPORT_DELAY_MS = 1000;
/** One request to the collector, which a drain may have to wait for. */
const EXPORT_TIMEOUT_MS = 3000;

const KINDS = {
  internal: SpanKind.INTERNAL,
  consumer: SpanKind.CONSUMER,
  producer: SpanKind.PRODUCER,
} as const;

/** A span to begin. */
export interface NewSpan {
  readonly name: string;
  readonly kind: keyof typeof KINDS;
  /** What it is part of; a trace begins with it where there is nothing. */
  readonly parent?: SpanContext | undefined;
  /** What else led to it. */
  readonly links?: readonly SpanContext[];
  /** ms since 1970. */
  readonly startMs: number;
  readonly attributes: Readonly<Record<string, string | number>>;
}

export class Tracing {
  readonly #provider: TracerProvider;
  readonly #tracer: Tracer;

  /** @param collector where it listens, without `/v1/traces`. */
  constructor(collector: string, { worker, logger, nowMs }: TraceParts) {
    let problem = "";
    const complain = atMostEvery((suppressed) => {
      logger.warn("traces do not reach the collector", { problem, suppressed });
    }, nowMs);
    const onProblem = (error: unknown) => {
      problem = messageOf(error);
      complain();
    };
    setGlobalErrorHandler(onProblem);
    const [warn, ignore] = [onProblem, () => {}];
    diag.setLogger(
      { error: warn, warn, info: ignore, debug: ignore, verbose: ignore },
      DiagLogLevel.WARN,
    );
    const exporter = new OTLPTraceExporter({
      url: `${collector.replace(/\/+$/, "")}/v1/traces`,
      timeoutMillis: EXPORT_TIMEOUT_MS,
    });
    this.#provider = new TracerProvider({
      resource: resourceFromAttributes({ "service.name": worker, "service.version": VERSION }),
      spanProcessors: [
        new BatchSpanProcessor({ exporter, scheduledDelayMillis: EXPORT_DELAY_MS }),
      ],
    });
    this.#tracer = this.#provider.getTracer("wattstream");
  }

  /** Begins a span, which the collector hears of once it has ended. */
  begin({ name, kind, parent, links = [], startMs, attributes }: NewSpan): Span {
    const context = parent === undefined
      ? ROOT_CONTEXT
      : trace.setSpanContext(ROOT_CONTEXT, parent);
    return this.#tracer.startSpan(name, {
      kind: KINDS[kind],
      startTime: startMs,
      attributes,
      links: links.map((linked) => ({ context: linked })),
    }, context);
  }

  /** What a record's headers say of the span that it came out of; undefined where that is nothing. */
  spanOf(headers: Readonly<Record<string, string>>): SpanContext | undefined {
    const text = headers[TRACE_HEADER];
    return text === undefined ? undefined : parseTraceParent(text) ?? undefined;
  }

  /** The header of a record that comes out of a span. */
  header(span: Span): Record<string, string> {
    const { traceId, spanId } = span.spanContext();
    return { [TRACE_HEADER]: `00-${traceId}-${spanId}-01` };
  }

  /** Hands over what is left, as far as the collector takes it. */
  async close(): Promise<void> {
    await this.#provider.shutdown();
  }
}

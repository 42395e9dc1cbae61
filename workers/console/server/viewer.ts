/**
 * A page that listens: server-sent events, as long as it reads them. What it has not read waits in
 * memory up to a bound; one that is further behind is cut off, and its browser connects again.
 */

/** Bytes that may wait for one page, beside what the system's socket holds. */
const WAITING_BYTES_MAX = 1024 * 1024;
/** How soon a browser connects again. */
const RETRY_MS = 1000;

/** How a page stopped listening. */
export type ViewerEnd = "left" | "cut";

const encoder = new TextEncoder();

/** An event as it goes over the wire; made once for all who get it. */
export function encodeServerEvent(name: string, data: unknown): Uint8Array {
  return encoder.encode(`event: ${name}\ndata: ${JSON.stringify(data)}\n\n`);
}

export interface ViewerOptions {
  /** Aborts when the console ends: its pages connect again, to the next one. */
  readonly signal: AbortSignal;
  /** Called once, when nothing more is sent. */
  readonly onEnd: (end: ViewerEnd) => void;
}

export class Viewer {
  readonly response: Response;
  readonly #options: ViewerOptions;
  readonly #close = () => this.close();
  #controller!: ReadableStreamDefaultController<Uint8Array>;
  #hasEnded = false;

  constructor(options: ViewerOptions) {
    this.#options = options;
    options.signal.addEventListener("abort", this.#close);
    const body = new ReadableStream<Uint8Array>({
      start: (controller) => void (this.#controller = controller),
      cancel: () => this.#end("left"),
    }, new ByteLengthQueuingStrategy({ highWaterMark: WAITING_BYTES_MAX }));
    this.response = new Response(body, {
      headers: {
        "content-type": "text/event-stream; charset=utf-8",
        "cache-control": "no-store",
        // An ingress that buffers would hold everything back.
        "x-accel-buffering": "no",
      },
    });
    this.send(encoder.encode(`retry: ${RETRY_MS}\n\n`));
    // It came while the console was ending, which would wait for it.
    if (options.signal.aborted) queueMicrotask(this.#close);
  }

  /** Sends what {@link encodeServerEvent} has made, or cuts the page off. */
  send(bytes: Uint8Array): void {
    if (this.#hasEnded) return;
    if ((this.#controller.desiredSize ?? 0) < bytes.length) {
      // Deno prints it: a line, not a stack.
      this.#controller.error("a page that does not read what it is sent is cut off");
      return this.#end("cut");
    }
    this.#controller.enqueue(bytes);
  }

  /** Ends it from this side: the browser connects again. */
  close(): void {
    if (this.#hasEnded) return;
    this.#controller.close();
    this.#end("left");
  }

  #end(end: ViewerEnd): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    this.#options.signal.removeEventListener("abort", this.#close);
    this.#options.onEnd(end);
  }
}

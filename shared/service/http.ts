/** The HTTP side of a worker: `/healthz`, `/readyz`, `/metrics`, `/log-level`, and pages of its own. */
import { messageOf, WattstreamError } from "../errors.ts";
import { LOG_LEVELS, type LogThreshold } from "./logger.ts";
import { withoutCredentials } from "./secrets.ts";
import { printable } from "./terminal.ts";

/** Whether a worker is ready, and if not why. */
export class Readiness {
  #reason: string | undefined = "starting";

  ready(): void {
    this.#reason = undefined;
  }

  unready(reason: string): void {
    this.#reason = reason;
  }

  /** Why the worker is not ready, or undefined when it is. */
  get reason(): string | undefined {
    return this.#reason;
  }
}

/** What Prometheus is told that the text is. */
const METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8";

export interface HttpParts {
  readonly readiness: Readiness;
  readonly metricsText: () => Promise<string>;
  /** What is behind further paths, as JSON. */
  readonly pages: ReadonlyMap<string, () => unknown>;
  readonly threshold: LogThreshold;
}

/**
 * Serves until `close()`. A port of 0 takes a free one; `address` says which.
 * @throws WattstreamError `unavailable` where the address cannot be had.
 */
export function serveHttp(
  address: { readonly hostname: string; readonly port: number },
  parts: HttpParts,
): { readonly address: string; close(): Promise<void> } {
  const handler = async (request: Request, { remoteAddr }: Deno.ServeHandlerInfo<Deno.NetAddr>) => {
    const url = isHost(request.headers.get("host")) ? URL.parse(request.url) : null;
    switch (url?.pathname) {
      case undefined:
        return new Response("the Host header is no HOST[:PORT]\n", { status: 400 });
      case "/healthz":
        return new Response("ok\n");
      case "/readyz": {
        const reason = parts.readiness.reason;
        return new Response(printable(withoutCredentials(`${reason ?? "ready"}\n`)), {
          status: reason === undefined ? 200 : 503,
        });
      }
      case "/metrics":
        return new Response(await parts.metricsText(), {
          headers: { "content-type": METRICS_TYPE },
        });
      case "/log-level":
        return await logLevel(request, remoteAddr.hostname, parts.threshold);
      default: {
        const page = parts.pages.get(url!.pathname);
        return page === undefined
          ? new Response("not found\n", { status: 404 })
          : Response.json(page());
      }
    }
  };
  const server = listen(address, handler);
  return {
    address: `${server.addr.hostname}:${server.addr.port}`,
    close: () => server.shutdown(),
  };
}

function listen(
  { hostname, port }: { readonly hostname: string; readonly port: number },
  handler: (request: Request, info: Deno.ServeHandlerInfo<Deno.NetAddr>) => Promise<Response>,
): Deno.HttpServer<Deno.NetAddr> {
  try {
    return Deno.serve({ hostname, port, onListen: () => {} }, handler);
  } catch (cause) {
    const message = `Choose another --http than ${hostname}:${port}: ${messageOf(cause)}`;
    // Not of the settings alone: whoever has the port may be gone the next time.
    throw new WattstreamError("unavailable", message, { cause });
  }
}

/**
 * True for what a `Host` header may be. None at all is let through: probes that speak HTTP/1.0 and
 * clients of HTTP/2 send none. Two of them are refused before a request comes here.
 */
function isHost(text: string | null): boolean {
  if (text === null || text === "") return true;
  return !/[\s/?#@\\]/.test(text) && URL.canParse(`http://${text}`);
}

/** What is logged at least, or from now on: for who is on the same machine, or in the same pod. */
async function logLevel(
  request: Request,
  from: string,
  threshold: LogThreshold,
): Promise<Response> {
  if (request.method === "GET") return new Response(`${threshold.level}\n`);
  if (request.method !== "PUT") return new Response("PUT a level\n", { status: 405 });
  if (!/^(::ffff:)?127\.|^::1$/.test(from)) {
    return new Response("only from the same machine\n", { status: 403 });
  }
  const text = (await request.text()).trim();
  const level = LOG_LEVELS.find((known) => known === text);
  if (level === undefined) {
    return new Response(`expected ${LOG_LEVELS.join(", ")}\n`, { status: 400 });
  }
  threshold.level = level;
  return new Response(`${level}\n`);
}

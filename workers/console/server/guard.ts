/**
 * What every answer and every request has to stand: headers that let the page run its own program and
 * nothing else, and no requests that another site made a browser send.
 */
import type { Hono } from "hono";
import { bodyLimit } from "hono/body-limit";
import { createMiddleware } from "hono/factory";
import { secureHeaders } from "hono/secure-headers";
import type { ConsoleEnv } from "../access/routes.ts";

const BODY_BYTES_MAX = 256 * 1024;
const HALF_A_YEAR_S = 15_552_000;

/** Names under which this machine alone is reached. */
const LOOPBACK_HOST = /^(127(\.\d{1,3}){3}|localhost|\[::1\])(:\d{1,5})?$/i;

export interface GuardParts {
  /** Nobody is asked who they are: then nobody may come by another name than this machine's own. */
  readonly isLoopbackOnly: boolean;
  /** Browsers come over TLS. */
  readonly isSecure: boolean;
  /** Hears of each request that is refused. */
  readonly onRefused: () => void;
}

/** Stands before everything else. */
export function guard(app: Hono<ConsoleEnv>, parts: GuardParts): void {
  const { isLoopbackOnly, isSecure, onRefused } = parts;
  app.use(secureHeaders({
    contentSecurityPolicy: {
      defaultSrc: ["'none'"],
      scriptSrc: ["'self'"],
      styleSrc: ["'self'"],
      imgSrc: ["'self'", "data:"],
      connectSrc: ["'self'"],
      formAction: ["'self'"],
      baseUri: ["'none'"],
      frameAncestors: ["'none'"],
    },
    strictTransportSecurity: isSecure && `max-age=${HALF_A_YEAR_S}`,
    xFrameOptions: "DENY",
  }));
  app.use(async (context, next) => {
    await next();
    if (context.res.status === 401 || context.res.status === 403) onRefused();
  });
  app.use(createMiddleware<ConsoleEnv>(async (context, next) => {
    const { req } = context;
    const refused = (error: string) => context.json({ error }, 403);
    // A name of a foreign site that resolves to this machine (DNS rebinding) is not ours.
    if (isLoopbackOnly && !LOOPBACK_HOST.test(req.header("host") ?? "")) {
      return refused("this page is for this machine alone: use 127.0.0.1");
    }
    if (!/^(GET|HEAD)$/.test(req.method) && isFromElsewhere(req.raw)) {
      return refused("only this page itself may do that");
    }
    return await next();
  }));
  app.use(bodyLimit({
    maxSize: BODY_BYTES_MAX,
    onError: (context) => context.json({ error: "that is too much at once" }, 413),
  }));
}

/**
 * A browser says where a request comes from; whoever leaves both out is none. Hono's own protection looks
 * at forms alone, and leaves JSON to the browser's preflight.
 */
function isFromElsewhere({ headers }: Request): boolean {
  const site = headers.get("sec-fetch-site");
  if (site !== null) return site !== "same-origin";
  const origin = headers.get("origin");
  return origin !== null && URL.parse(origin)?.host !== headers.get("host");
}

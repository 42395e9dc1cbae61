/**
 * What every answer and every request has to stand: headers that let the page run its own program and
 * nothing else, and no requests that another site made a browser send.
 */
import { createMiddleware } from "hono/factory";

const HEADERS: Readonly<Record<string, string>> = {
  "content-security-policy": "default-src 'none'; script-src 'self'; style-src 'self'; " +
    "img-src 'self' data:; connect-src 'self'; form-action 'self'; base-uri 'none'; " +
    "frame-ancestors 'none'",
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff",
  "x-frame-options": "DENY",
};

/** Names under which this machine alone is reached. */
const LOOPBACK_HOST = /^(127(\.\d{1,3}){3}|localhost|\[::1\])(:\d{1,5})?$/i;

export interface GuardOptions {
  /** Nobody is asked who they are: then nobody may come by another name than this machine's own. */
  readonly isLoopbackOnly: boolean;
  /** Hears of each request that is refused. */
  readonly onRefused: () => void;
}

export function guard({ isLoopbackOnly, onRefused }: GuardOptions) {
  return createMiddleware(async (context, next) => {
    const { req } = context;
    const refused = (text: string) => {
      onRefused();
      return context.json({ error: text }, 403, { ...HEADERS });
    };
    // A name of a foreign site that resolves to this machine (DNS rebinding) is not ours.
    if (isLoopbackOnly && !LOOPBACK_HOST.test(req.header("host") ?? "")) {
      return refused("this page is for this machine alone: use 127.0.0.1");
    }
    if (!/^(GET|HEAD)$/.test(req.method) && isFromElsewhere(req.raw)) {
      return refused("only this page itself may do that");
    }
    await next();
    for (const [name, value] of Object.entries(HEADERS)) context.header(name, value);
    return;
  });
}

/** A browser says where a request comes from; whoever leaves both out is none. */
function isFromElsewhere({ headers }: Request): boolean {
  const site = headers.get("sec-fetch-site");
  if (site !== null) return site !== "same-origin";
  const origin = headers.get("origin");
  return origin !== null && URL.parse(origin)?.host !== headers.get("host");
}

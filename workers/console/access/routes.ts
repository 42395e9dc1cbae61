/**
 * Who asks: each request is of a session, or of nobody. Nobody gets the page, which asks them to log in,
 * and nothing of what it shows.
 */
import type { Context, Hono } from "hono";
import { getConnInfo } from "hono/deno";
import { deleteCookie, getSignedCookie, setSignedCookie } from "hono/cookie";
import { createMiddleware } from "hono/factory";
import type { CookieOptions } from "hono/utils/cookie";
import { z } from "zod";
import { householdSchema } from "../../../shared/events.ts";
import { hasTopics } from "../../../shared/mqtt/topics.ts";
import type { LogIn, LogInResult } from "./log_in.ts";
import { mayPublish, maySee, type Session } from "./sessions.ts";

/** What the console's requests come with. */
export interface ConsoleEnv {
  Bindings: Deno.ServeHandlerInfo<Deno.NetAddr>;
  Variables: { session: Session | undefined };
}

export interface AccessParts {
  /** Undefined where nobody is asked who they are. */
  readonly logIn: LogIn | undefined;
  /** What everyone may where nobody is asked. */
  readonly sessionOfAll: Session;
  /** Browsers come over TLS: by the console's own, or an ingress's. */
  readonly isSecure: boolean;
  /** An ingress says whose a request is. */
  readonly isBehindIngress: boolean;
  /** Where the page is, without a slash at its end. */
  readonly basePath: string;
  readonly onLogIn: (outcome: LogInResult["outcome"]) => void;
}

/** What the page is told of who looks at it. */
export interface Viewing {
  /** Left out where nobody is asked. */
  readonly username?: string;
  readonly isOperator: boolean;
}

const COOKIE = "wattstream";

const credentialsSchema = z.strictObject({
  username: householdSchema.shape.username,
  password: z.string().min(1).max(1024),
});

/** The session of a request that has come past {@link accessRoutes}. */
export function sessionOf({ var: { session } }: Context<ConsoleEnv>): Session {
  if (session === undefined) throw new Error("nobody has logged in");
  return session;
}

const refusal = (error: string) => ({ error });

/** For what concerns everyone. */
export const operatorsOnly = createMiddleware<ConsoleEnv>(async (context, next) => {
  if (!sessionOf(context).isOperator) return context.json(refusal("this is for operators"), 403);
  return await next();
});

/** For a household of its own, or an operator. Says the same of those that there are not. */
const ownOnly = createMiddleware<ConsoleEnv, "/households/:username/:client_id/*">(
  async (context, next) => {
    if (maySee(sessionOf(context), context.req.param())) return await next();
    return context.json(refusal("this household is another user's"), 403);
  },
);

/** For what is published in a household's name. */
export const ownNameOnly = createMiddleware<ConsoleEnv, "/households/:username/:client_id/*">(
  async (context, next) => {
    const household = context.req.param();
    if (!mayPublish(sessionOf(context), household)) {
      return context.json(refusal("only the household's own user says what is on in it"), 403);
    }
    if (hasTopics(household)) return await next();
    return context.json(refusal("no household has such a name: /, + and # are not in it"), 400);
  },
);

/** Stands before all other routes below `/api` and `/events`. */
export function accessRoutes(app: Hono<ConsoleEnv>, parts: AccessParts): void {
  const { logIn, sessionOfAll, isSecure, basePath, onLogIn } = parts;
  // Sessions are in memory: what was signed before the console was started is nothing to it.
  const secret = crypto.getRandomValues(new Uint8Array(32));
  const prefix = !isSecure ? undefined : basePath === "" ? "host" : "secure";
  const cookieOptions: CookieOptions = {
    ...{ path: `${basePath}/`, httpOnly: true, sameSite: "Strict", secure: isSecure },
    ...(prefix !== undefined && { prefix }),
  };
  const idOf = async (context: Context) => await getSignedCookie(context, secret, COOKIE, prefix);

  app.use(async (context, next) => {
    const id = logIn === undefined ? undefined : await idOf(context);
    context.set("session", logIn === undefined ? sessionOfAll : logIn.sessions.find(id || ""));
    await next();
  });

  app.post("/api/log-in", async (context) => {
    const body = credentialsSchema.safeParse(await context.req.json().catch(() => undefined));
    if (!body.success) return context.json(refusal("expected username and password"), 400);
    if (logIn === undefined) return context.json(refusal("nobody is asked who they are"), 404);
    const result = await logIn.attempt(body.data, addressOf(context, parts));
    onLogIn(result.outcome);
    if (result.outcome === "accepted") {
      const before = await idOf(context);
      if (before) logIn.sessions.end(before);
      await setSignedCookie(context, COOKIE, result.id, secret, cookieOptions);
      return context.json({});
    }
    if (result.outcome === "refused") {
      return context.json(refusal("The broker knows no such user and password."), 401);
    }
    if (result.outcome === "unavailable") return context.json(refusal(result.problem), 503);
    const minutes = Math.ceil(result.waitS / 60);
    context.header("retry-after", `${result.waitS}`);
    return context.json(refusal(`Too many attempts: try again in ${minutes} minutes.`), 429);
  });

  const loggedInOnly = createMiddleware<ConsoleEnv>(async (context, next) => {
    if (context.var.session === undefined) return context.json(refusal("log in first"), 401);
    context.header("cache-control", "no-store");
    return await next();
  });
  for (const root of ["/api", "/events"]) {
    app.use(`${root}/*`, loggedInOnly);
    app.use(`${root}/households/:username/:client_id/*`, ownOnly);
  }

  app.get("/api/me", (context) => {
    const { username, isOperator } = sessionOf(context);
    const viewing: Viewing = { ...(username !== undefined && { username }), isOperator };
    return context.json(viewing);
  });

  app.post("/api/log-out", async (context) => {
    logIn?.sessions.end(await idOf(context) || "");
    deleteCookie(context, COOKIE, cookieOptions);
    return context.json({});
  });
}

/** An ingress adds whom it has the request from behind whatever it was sent. */
function addressOf(context: Context<ConsoleEnv>, { isBehindIngress }: AccessParts): string {
  const forwarded = context.req.header("x-forwarded-for")?.split(",").at(-1)?.trim();
  if (isBehindIngress && forwarded) return forwarded;
  return getConnInfo(context).remote.address ?? "";
}

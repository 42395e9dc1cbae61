/**
 * Who may what on the console: every route that its router has, as nobody, as a user (of an own household
 * and of another's), and as an operator.
 */
import assert from "node:assert/strict";
import { Hono } from "hono";
import { inspectRoutes } from "hono/dev";
import { writeConsolePage } from "../../scripts/build/console_page.ts";
import { loadPageFiles } from "../../workers/console/server/page_files.ts";
import { type RouteParts, routes } from "../../workers/console/server/routes.ts";
import { DATASET_S, type GuardedConsole, startGuardedConsole } from "./guarded_console.ts";

interface Expected {
  /** In place of what varies but the household. */
  readonly values?: Readonly<Record<string, string>>;
  readonly body?: unknown;
  readonly nobody: number;
  readonly user: number;
  readonly operator: number;
  /** A user, of another's household; left out where the route names none. */
  readonly other?: number;
}

const EVERYONE = { nobody: 200, user: 200, operator: 200 };
const LOGGED_IN = { nobody: 401, user: 200, operator: 200 };
const OPERATORS = { nobody: 401, user: 403, operator: 200 };
const OWN = { nobody: 401, user: 200, operator: 200, other: 403 };
/** Nobody publishes for another user, an operator neither. */
const OWN_NAME = { nobody: 401, user: 200, operator: 403, other: 403 };
const HOUSEHOLD = "households/:username/:client_id";

/** A route that is not here makes the test fail. */
const EXPECTED: Readonly<Record<string, Expected>> = {
  "GET /": EVERYONE,
  "GET /style.css": EVERYONE,
  "GET /app.js": EVERYONE,
  "POST /api/log-in": { ...EVERYONE, body: { username: "anna", password: "anna says" } },
  "POST /api/log-out": { ...LOGGED_IN, body: {} },
  "GET /api/me": LOGGED_IN,
  "GET /api/households": LOGGED_IN,
  "GET /api/dead-letters": OPERATORS,
  "POST /api/dead-letters/replay": {
    ...OPERATORS,
    body: { reasons: ["invalid"], fixes: [], dryRun: true },
  },
  "GET /api/runbook/:section": { ...OPERATORS, values: { section: "WattstreamRecordsLost" } },
  "GET /events/health": LOGGED_IN,
  "GET /events/system": OPERATORS,
  [`GET /events/${HOUSEHOLD}`]: OWN,
  [`GET /api/${HOUSEHOLD}/past/:until`]: { ...OWN, values: { until: String(DATASET_S) } },
  [`GET /api/${HOUSEHOLD}/records/:topic/:since`]: {
    ...OWN,
    values: { topic: "power", since: "0" },
  },
  [`GET /api/${HOUSEHOLD}/datasets/:file`]: { ...OWN, values: { file: `${DATASET_S}.json` } },
  [`POST /api/${HOUSEHOLD}/labels`]: {
    ...OWN_NAME,
    body: { page: "a page's name", word: 1, on: [true] },
  },
  [`PUT /api/${HOUSEHOLD}/devices`]: { ...OWN_NAME, body: { devices: [{ name: "kettle" }] } },
};

function handlersOf(app: Parameters<typeof inspectRoutes>[0]): string[] {
  const handlers = inspectRoutes(app).filter(({ isMiddleware }) => !isMiddleware);
  return handlers.map(({ method, path }) => `${method} ${path}`);
}

async function consoleRoutes(): Promise<string[]> {
  await writeConsolePage();
  const parts = { files: await loadPageFiles(), basePath: "" } as unknown as RouteParts;
  return handlersOf(routes(parts) as unknown as Parameters<typeof inspectRoutes>[0]);
}

/** Tries a route as somebody, for a household of this user. */
async function statusOf(
  guarded: GuardedConsole,
  route: string,
  { cookie, owner }: { readonly cookie: string | undefined; readonly owner: string },
): Promise<number> {
  const { values, body } = EXPECTED[route]!;
  const [method, pattern] = route.split(" ");
  const names: Record<string, string> = { username: owner, client_id: "flat", ...values };
  const path = pattern!.replaceAll(/:(\w+)/g, (_, name: string) => names[name]!);
  const { status } = await guarded.ask(path, {
    ...{ method: method!, body },
    ...(cookie !== undefined && { cookie }),
  });
  return status;
}

Deno.test("every route of the console has its entry here", async () => {
  assert.deepEqual((await consoleRoutes()).sort(), Object.keys(EXPECTED).sort());
  const planted = new Hono().use(async (_, next) => await next()).get("/a", (c) => c.text(""));
  assert.deepEqual(handlersOf(planted), ["GET /a"], "a route that is new is seen");
});

Deno.test("each route of the console answers whom it should, and nobody else", async () => {
  const guarded = await startGuardedConsole();
  try {
    // Each its own log-in, since one of the routes ends it.
    for (const [route, { nobody, user, operator, other }] of Object.entries(EXPECTED)) {
      const anna = await guarded.logIn("anna");
      const olga = await guarded.logIn("olga");
      const tried = {
        nobody: await statusOf(guarded, route, { cookie: undefined, owner: "anna" }),
        user: await statusOf(guarded, route, { cookie: anna, owner: "anna" }),
        ...(other !== undefined && {
          other: await statusOf(guarded, route, {
            cookie: await guarded.logIn("anna"),
            owner: "berta",
          }),
        }),
        operator: await statusOf(guarded, route, { cookie: olga, owner: "berta" }),
      };
      const expected = { nobody, user, ...(other !== undefined && { other }), operator };
      assert.deepEqual({ route, ...tried }, { route, ...expected });
    }
    const listed = async (username: "anna" | "olga") => {
      const { text } = await guarded.ask("/api/households", {
        cookie: await guarded.logIn(username),
      });
      const { households } = JSON.parse(text) as { households: { username: string }[] };
      return households.map(({ username }) => username);
    };
    assert.deepEqual(await listed("anna"), ["anna"]);
    assert.deepEqual(await listed("olga"), ["anna", "berta"]);
  } finally {
    await guarded.stop();
  }
});

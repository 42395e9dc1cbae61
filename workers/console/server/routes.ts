/** Every path of the console, and what is behind it. */
import { Hono } from "hono";
import { z } from "zod";
import { householdSchema } from "../../../shared/events.ts";
import type { Log } from "../../../shared/log/log.ts";
import { datasetTable, findDataset, findDeviceNames } from "../household/dataset_file.ts";
import { type Directory, householdsNamed } from "../household/directory.ts";
import type { HouseholdFeeds } from "../household/household_feeds.ts";
import { HOUSEHOLD_TOPICS } from "../household/household_records.ts";
import { pastOf } from "../household/past.ts";
import { recordsOf } from "../household/records.ts";
import type { Labellers } from "../label/labellers.ts";
import { summarizeDeadLetters } from "../system/dead_letters.ts";
import { type Replays, replaySchema } from "../system/replays.ts";
import { runbookSection } from "../system/runbook.ts";
import type { SystemWatch } from "../system/system_watch.ts";
import {
  type AccessParts,
  accessRoutes,
  type ConsoleEnv,
  operatorsOnly,
  ownNameOnly,
  sessionOf,
} from "../access/routes.ts";
import { maySee, type Session } from "../access/sessions.ts";
import { guard, type GuardParts } from "./guard.ts";
import type { HealthWatch } from "./health.ts";
import type { PageFile } from "./page_files.ts";
import { Viewer, type ViewerEnd } from "./viewer.ts";

export interface RouteParts extends GuardParts, AccessParts {
  readonly log: Log;
  readonly files: ReadonlyMap<string, PageFile>;
  readonly health: HealthWatch;
  readonly system: SystemWatch;
  readonly replays: Replays;
  readonly feeds: HouseholdFeeds;
  readonly directory: Directory;
  readonly labellers: Labellers;
  /** Aborts when the console ends. */
  readonly signal: AbortSignal;
  /** Hears of each page that listens, and how it stops to. */
  readonly onViewer: (end?: ViewerEnd) => void;
}

/** A new one needs an entry in `tests/console/access_test.ts`: who may what. */
export function routes(parts: RouteParts): Hono<ConsoleEnv> {
  const { files, basePath } = parts;
  const app = new Hono<ConsoleEnv>({ getPath: (request) => pathBelow(basePath, request) });
  guard(app, parts);
  for (const [path, { type, text }] of files) {
    app.get(path, (context) =>
      context.body(text, 200, {
        "content-type": type,
        "cache-control": "no-cache",
      }));
  }
  accessRoutes(app, parts);
  systemRoutes(app, parts);
  householdRoutes(app, parts);
  labelRoutes(app, parts);
  app.notFound((context) => {
    const isBase = basePath !== "" && new URL(context.req.url).pathname === basePath;
    return isBase ? context.redirect(`${basePath}/`) : context.json({ error: "not found" }, 404);
  });
  return app;
}

/** The path that is routed; none that there is for what is not below the base. */
function pathBelow(basePath: string, { url }: Request): string {
  const { pathname } = new URL(url);
  return pathname.startsWith(`${basePath}/`) ? pathname.slice(basePath.length) : "";
}

/** A page that listens, to something or to how all is, from its first event to its end. */
function listen(
  { health, signal, onViewer }: RouteParts,
  session: Session,
  source?: { join(viewer: Viewer): void; leave(viewer: Viewer): void },
): Response {
  const release = session.hold();
  const onEnd = (end: ViewerEnd) => {
    release();
    health.leave(viewer);
    source?.leave(viewer);
    onViewer(end);
  };
  const viewer = new Viewer({ signal: AbortSignal.any([signal, session.signal]), onEnd });
  onViewer();
  health.join(viewer, session);
  source?.join(viewer);
  return viewer.response;
}

function systemRoutes(app: Hono<ConsoleEnv>, parts: RouteParts): void {
  const { log, system, replays } = parts;
  app.get("/events/health", (context) => listen(parts, sessionOf(context)));
  app.get(
    "/events/system",
    operatorsOnly,
    (context) => listen(parts, sessionOf(context), system),
  );
  app.get(
    "/api/dead-letters",
    operatorsOnly,
    async (context) => context.json(await summarizeDeadLetters(log)),
  );
  app.post("/api/dead-letters/replay", operatorsOnly, async (context) => {
    const wanted = replaySchema.safeParse(await context.req.json().catch(() => undefined));
    if (!wanted.success) return context.json({ error: "expected reasons, fixes and dryRun" }, 400);
    return context.json(await replays.run(wanted.data));
  });
  app.get("/api/runbook/:section", operatorsOnly, (context) => {
    const section = runbookSection(context.req.param("section"));
    return section === undefined ? context.notFound() : context.json(section);
  });
}

function householdRoutes(app: Hono<ConsoleEnv>, parts: RouteParts): void {
  const { log, feeds, directory } = parts;
  app.get("/api/households", async (context) => {
    const session = sessionOf(context);
    const households = (await directory.list()).filter((household) => maySee(session, household));
    return context.json(householdsNamed(households, context.req.query("named") ?? ""));
  });
  app.get("/events/households/:username/:client_id", (context) => {
    const household = context.req.param();
    return listen(parts, sessionOf(context), {
      join: (viewer) => feeds.join(household, viewer),
      leave: (viewer) => feeds.leave(household, viewer),
    });
  });
  app.get("/api/households/:username/:client_id/past/:until", async (context) => {
    const { until, ...household } = context.req.param();
    if (!/^\d{1,12}$/.test(until)) return context.notFound();
    const { signal } = context.req.raw;
    const past = await pastOf(log, household, { untilS: Number(until), signal });
    return past === undefined ? context.notFound() : context.json(past);
  });
  app.get("/api/households/:username/:client_id/records/:topic/:since", async (context) => {
    const { topic, since, ...household } = context.req.param();
    if (!/^\d{1,12}$/.test(since) || !Object.hasOwn(HOUSEHOLD_TOPICS, topic)) {
      return context.notFound();
    }
    const { signal } = context.req.raw;
    const records = await recordsOf(log, household, { topic, sinceS: Number(since), signal });
    return context.json(records);
  });
  app.get("/api/households/:username/:client_id/datasets/:file", async (context) => {
    const { file, ...household } = context.req.param();
    const match = /^(\d{1,12})\.(json|csv|parquet)$/.exec(file);
    if (match === null) return context.notFound();
    const [, startS, format] = match;
    const dataset = await findDataset(log, household, Number(startS));
    if (dataset === undefined) return context.notFound();
    context.header("content-disposition", `attachment; filename="dataset-${file}"`);
    if (format === "json") return context.json(dataset);
    const names = await findDeviceNames(log, household);
    const isCsv = format === "csv";
    const bytes = datasetTable(dataset, { format: isCsv ? "csv" : "parquet", names });
    const type = isCsv ? "text/csv; charset=utf-8" : "application/vnd.apache.parquet";
    return context.body(bytes, 200, { "content-type": type });
  });
}

const labelsSchema = z.strictObject({
  /** The page's own name, which it makes up. */
  page: z.string().min(8).max(64),
  word: z.int(),
  on: z.array(z.boolean()).min(1).max(256),
});
const devicesSchema = householdSchema.pick({ devices: true });

function labelRoutes(app: Hono<ConsoleEnv>, { labellers }: RouteParts): void {
  app.post("/api/households/:username/:client_id/labels", ownNameOnly, async (context) => {
    const labels = labelsSchema.safeParse(await context.req.json().catch(() => undefined));
    if (!labels.success) return context.json({ error: "expected page, word and on" }, 400);
    const { on, ...word } = labels.data;
    const { publish } = sessionOf(context);
    return context.json(labellers.say(context.req.param(), { ...word, vector: on, publish }));
  });
  app.put("/api/households/:username/:client_id/devices", ownNameOnly, async (context) => {
    const named = devicesSchema.safeParse(await context.req.json().catch(() => undefined));
    if (!named.success) return context.json({ error: "expected 1 to 256 devices with names" }, 400);
    await sessionOf(context).publish("household", { ...context.req.param(), ...named.data });
    return context.json({});
  });
}

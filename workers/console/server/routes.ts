/** Every path of the console, and what is behind it. */
import { Hono } from "hono";
import { z } from "zod";
import { householdSchema } from "../../../shared/events.ts";
import type { Log } from "../../../shared/log/log.ts";
import { datasetCsv, findDataset } from "../household/dataset_file.ts";
import type { Directory } from "../household/directory.ts";
import type { HouseholdFeeds } from "../household/household_feeds.ts";
import type { Labellers, PublishEvent } from "../label/labellers.ts";
import { newestDeadLetters } from "../system/dead_letters.ts";
import { runbookSection } from "../system/runbook.ts";
import type { SystemWatch } from "../system/system_watch.ts";
import { guard, type GuardOptions } from "./guard.ts";
import type { PageFile } from "./page_files.ts";
import { Viewer, type ViewerEnd } from "./viewer.ts";

export interface RouteParts extends GuardOptions {
  readonly log: Log;
  readonly files: ReadonlyMap<string, PageFile>;
  readonly system: SystemWatch;
  readonly feeds: HouseholdFeeds;
  readonly directory: Directory;
  readonly labellers: Labellers;
  readonly publish: PublishEvent;
  /** Aborts when the console ends. */
  readonly signal: AbortSignal;
  /** Hears of each page that listens, and how it stops to. */
  readonly onViewer: (end?: ViewerEnd) => void;
}

export function routes(parts: RouteParts): Hono {
  const { files } = parts;
  const app = new Hono();
  app.use(guard(parts));
  for (const [path, { type, text }] of files) {
    app.get(path, (context) =>
      context.body(text, 200, {
        "content-type": type,
        "cache-control": "no-cache",
      }));
  }
  systemRoutes(app, parts);
  householdRoutes(app, parts);
  labelRoutes(app, parts);
  return app;
}

/** A page that listens to something, from its first event to its end. */
function listen(
  { signal, onViewer }: RouteParts,
  source: { join(viewer: Viewer): void; leave(viewer: Viewer): void },
): Response {
  const onEnd = (end: ViewerEnd) => {
    source.leave(viewer);
    onViewer(end);
  };
  const viewer = new Viewer({ signal, onEnd });
  onViewer();
  source.join(viewer);
  return viewer.response;
}

function systemRoutes(app: Hono, parts: RouteParts): void {
  const { log, system } = parts;
  app.get("/events/system", () => listen(parts, system));
  app.get("/api/dead-letters", async (context) => context.json(await newestDeadLetters(log)));
  app.get("/api/runbook/:section", (context) => {
    const section = runbookSection(context.req.param("section"));
    return section === undefined ? context.notFound() : context.json(section);
  });
}

function householdRoutes(app: Hono, parts: RouteParts): void {
  const { log, feeds, directory } = parts;
  app.get("/api/households", async (context) => context.json(await directory.list()));
  app.get("/events/households/:username/:client_id", (context) => {
    const household = context.req.param();
    return listen(parts, {
      join: (viewer) => feeds.join(household, viewer),
      leave: (viewer) => feeds.leave(household, viewer),
    });
  });
  app.get("/api/households/:username/:client_id/datasets/:file", async (context) => {
    const { file, ...household } = context.req.param();
    const match = /^(\d{1,12})\.(json|csv)$/.exec(file);
    if (match === null) return context.notFound();
    const [, startS, format] = match;
    const dataset = await findDataset(log, household, Number(startS));
    if (dataset === undefined) return context.notFound();
    context.header("content-disposition", `attachment; filename="dataset-${file}"`);
    if (format === "json") return context.json(dataset);
    return context.body(datasetCsv(dataset), 200, { "content-type": "text/csv; charset=utf-8" });
  });
}

const labelsSchema = z.strictObject({
  /** The page's own name, which it makes up. */
  page: z.string().min(8).max(64),
  on: z.array(z.boolean()).min(1).max(256),
});
const devicesSchema = householdSchema.pick({ devices: true });

function labelRoutes(app: Hono, { labellers, publish }: RouteParts): void {
  app.post("/api/households/:username/:client_id/labels", async (context) => {
    const labels = labelsSchema.safeParse(await context.req.json().catch(() => undefined));
    if (!labels.success) return context.json({ error: "expected page and on" }, 400);
    const { page, on } = labels.data;
    return context.json(labellers.say(context.req.param(), page, on));
  });
  app.put("/api/households/:username/:client_id/devices", async (context) => {
    const named = devicesSchema.safeParse(await context.req.json().catch(() => undefined));
    if (!named.success) return context.json({ error: "expected 1 to 256 devices with names" }, 400);
    await publish("household", { ...context.req.param(), ...named.data });
    return context.json({});
  });
}

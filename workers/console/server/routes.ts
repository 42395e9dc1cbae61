/** Every path of the console, and what is behind it. */
import { Hono } from "hono";
import type { Log } from "../../../shared/log/log.ts";
import { datasetCsv, findDataset } from "../household/dataset_file.ts";
import type { Directory } from "../household/directory.ts";
import type { HouseholdFeeds } from "../household/household_feeds.ts";
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

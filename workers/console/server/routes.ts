/** Every path of the console, and what is behind it. */
import { Hono } from "hono";
import type { Log } from "../../../shared/log/log.ts";
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
  /** Aborts when the console ends. */
  readonly signal: AbortSignal;
  /** Hears of each page that listens, and how it stops to. */
  readonly onViewer: (end?: ViewerEnd) => void;
}

export function routes(parts: RouteParts): Hono {
  const { log, files, system } = parts;
  const app = new Hono();
  app.use(guard(parts));
  for (const [path, { type, text }] of files) {
    app.get(path, (context) =>
      context.body(text, 200, {
        "content-type": type,
        "cache-control": "no-cache",
      }));
  }
  app.get("/events/system", () => {
    const onEnd = (end: ViewerEnd) => {
      system.leave(viewer);
      parts.onViewer(end);
    };
    const viewer = new Viewer({ signal: parts.signal, onEnd });
    parts.onViewer();
    system.join(viewer);
    return viewer.response;
  });
  app.get("/api/dead-letters", async (context) => context.json(await newestDeadLetters(log)));
  app.get("/api/runbook/:section", (context) => {
    const section = runbookSection(context.req.param("section"));
    return section === undefined ? context.notFound() : context.json(section);
  });
  return app;
}

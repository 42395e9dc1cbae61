/** `deno task top`: its flags, and its looks one after the other. */
import { z } from "zod";
import type { Log } from "../../shared/log/log.ts";
import { hasCode, messageOf } from "../../shared/errors.ts";
import { pause } from "../../shared/pause.ts";
import { type ConfigSource, flag } from "../../shared/service/config.ts";
import { parseOrExplain } from "../../shared/service/program.ts";
import { print, printError } from "../../shared/service/terminal.ts";
import { look } from "../../shared/system/look.ts";
import { ratesBetween } from "../../shared/system/rates.ts";
import { onePlace, otherLogFlags, placeFlags, withExistingLog } from "../log_place.ts";
import { renderSystem } from "./render.ts";
import { Screen } from "./screen.ts";

const topConfig = onePlace(z.strictObject({
  ...placeFlags,
  intervalMs: flag.milliseconds().prefault("2s").describe(
    "From one look to the next; each reads the memories of all tasks",
  ),
  json: flag.boolean().describe("Look twice, print one line of JSON, and end"),
  ...otherLogFlags,
}));

/** Lines that are not of tasks: time, headings, sums, empty ones. */
const OTHER_LINES = 12;

/** Runs it, and returns the exit code: 0 done, 1 failed, 2 bad usage. */
export async function runTop(source: ConfigSource): Promise<number> {
  const parsed = parseOrExplain({
    name: "top",
    summary: "tasks, lag, rates and memories of a running system, by what the log knows of them",
    usage: "--log URL [flags]",
    config: topConfig,
  }, source);
  if (typeof parsed === "number") return parsed;
  const { config } = parsed;
  const stop = new AbortController();
  const onSignal = () => stop.abort();
  const signals = ["SIGINT", "SIGTERM"] as const;
  for (const name of signals) Deno.addSignalListener(name, onSignal);
  try {
    await withExistingLog(
      config,
      (log) =>
        config.json
          ? printOnce(log, config.intervalMs, stop.signal)
          : redraw(log, config.intervalMs, stop.signal),
    );
    return 0;
  } catch (error) {
    if (error instanceof Deno.errors.BrokenPipe) return 0;
    printError(`top: ${messageOf(error)}`);
    return hasCode(error, "config") ? 2 : 1;
  } finally {
    for (const name of signals) Deno.removeSignalListener(name, onSignal);
  }
}

async function printOnce(log: Log, intervalMs: number, signal: AbortSignal): Promise<void> {
  const before = await look(log, Date.now);
  await pause(intervalMs, signal);
  print(JSON.stringify(ratesBetween(before, await look(log, Date.now))));
}

/** Until Ctrl-C. */
async function redraw(log: Log, intervalMs: number, signal: AbortSignal): Promise<void> {
  const screen = new Screen();
  try {
    let before = await look(log, Date.now);
    for (let now = before; !signal.aborted; now = await look(log, Date.now)) {
      const lines = screen.rows - OTHER_LINES - now.topics.length;
      const rowsMax = Math.max(1, Math.floor(lines / now.workers.length));
      screen.show(renderSystem(ratesBetween(before, now), rowsMax));
      before = now;
      await pause(intervalMs, signal);
    }
  } finally {
    screen.close();
  }
}

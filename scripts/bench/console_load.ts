/**
 * `deno run -A scripts/bench/console_load.ts`: what the console costs with 10,000 households and 20
 * viewers, and whether its pages keep up and do not grow. Households publish every 2 s, each answered
 * by a window and a disaggregated second; one page is left open over a household whose time runs 60
 * times as fast.
 */
import type { Page } from "puppeteer-core";
import puppeteer from "puppeteer-core";
import { z } from "zod";
import type { NewRecord } from "../../shared/log/log.ts";
import { openLog } from "../../shared/log/open.ts";
import { pause } from "../../shared/pause.ts";
import { flag } from "../../shared/service/config.ts";
import { parseOrExplain } from "../../shared/service/program.ts";
import { print } from "../../shared/service/terminal.ts";
import { findCommand, systemSource } from "../../shared/services/commands.ts";
import { startWorker } from "../../shared/services/worker_process.ts";
import {
  DISAGGREGATED_TOPIC,
  POWER_TOPIC,
  PREDICTIONS_TOPIC,
  wattstreamTopics,
} from "../../shared/topics.ts";
import { writeConsolePage } from "../build/console_page.ts";

const EVERY_S = 2;
const FAST = { username: "fast", client_id: "fast" };
/** Seconds of the fast household in one of ours. */
const SPEED = 60;
const WARM_UP_MS = 15_000;

const config = z.strictObject({
  households: flag.integer(10, 100_000).prefault("10000").describe("Households that publish"),
  viewers: flag.integer(1, 1000).prefault("20").describe("Pages that listen, of all kinds"),
  measuredMs: flag.milliseconds().prefault("60s").describe("How long is measured"),
});

const identityOf = (index: number) => ({ username: `user-${index}`, client_id: `home-${index}` });

/** What a household's second leaves in the log. */
function recordsOf(
  household: { readonly username: string; readonly client_id: string },
  timestamp: number,
): NewRecord[] {
  const key = household.client_id;
  const consumption = 100 + (timestamp * 7919) % 2000;
  const timestamps = Array.from({ length: 8 }, (_, index) => timestamp - 14 + 2 * index);
  const window = {
    ...{ ...household, window_start: timestamp - 14, window_end: timestamp + 1, timestamps },
    consumption: timestamps.map(() => consumption),
  };
  const watts = [consumption / 2, consumption / 4, 10];
  const states = {
    ...{ ...household, timestamp: timestamp - 8, consumption, on: [0.9, 0.7, 0.1], watts },
    ...{ unexplained: 5, model_version: 1 },
  };
  return [
    { topic: POWER_TOPIC, key, value: JSON.stringify({ ...household, timestamp, consumption }) },
    { topic: PREDICTIONS_TOPIC, key, value: JSON.stringify(window) },
    { topic: DISAGGREGATED_TOPIC, key, value: JSON.stringify(states) },
  ];
}

/** Reads what a page is sent, or asks as the list of households does; the bytes. */
async function view(url: string, index: number, signal: AbortSignal): Promise<void> {
  const path = index % 4 === 0
    ? "events/system"
    : index % 4 === 1
    ? undefined
    : `events/households/user-${index}/home-${index}`;
  try {
    while (path === undefined) {
      await (await fetch(`${url}api/households`, { signal })).body?.pipeTo(new WritableStream());
      await pause(2500, signal);
    }
    await (await fetch(`${url}${path}`, { signal })).body?.pipeTo(new WritableStream());
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}

interface PageFigures {
  readonly framesPerSecond: number;
  readonly busyShare: number;
  readonly nodes: number;
  readonly heapMb: number;
}

const FRAMES = `new Promise((resolve) => {
  let count = 0;
  const until = performance.now() + 4000;
  const frame = () => performance.now() < until ? (count++, requestAnimationFrame(frame)) : resolve(count / 4);
  requestAnimationFrame(frame);
})`;

async function figuresOf(page: Page): Promise<PageFigures> {
  const session = await page.createCDPSession();
  await session.send("HeapProfiler.collectGarbage");
  await session.detach();
  const before = await page.metrics();
  const framesPerSecond = await page.evaluate(FRAMES) as number;
  const after = await page.metrics();
  return {
    framesPerSecond,
    busyShare: (after.TaskDuration! - before.TaskDuration!) /
      (after.Timestamp! - before.Timestamp!),
    nodes: before.Nodes!,
    heapMb: before.JSHeapUsedSize! / 1e6,
  };
}

const textOf = ({ framesPerSecond, busyShare, nodes, heapMb }: PageFigures) =>
  `${framesPerSecond.toFixed(0)} frames/s, main thread busy ${(100 * busyShare).toFixed(0)} %, ` +
  `${nodes} nodes, ${heapMb.toFixed(1)} MB`;

async function main(): Promise<number> {
  const parsed = parseOrExplain(
    { name: "console load", summary: "what the console costs", config },
    { args: Deno.args, env: () => undefined },
  );
  if (typeof parsed === "number") return parsed;
  const { households, viewers, measuredMs } = parsed.config;
  const folder = await Deno.makeTempDir({ prefix: "wattstream-console-" });
  const logUrl = `sqlite:${folder}/log.db`;
  const log = await openLog(logUrl);
  await log.createTopics(wattstreamTopics());
  await writeConsolePage();
  const server = startWorker("console", ["--log", logUrl, "--console", "127.0.0.1:0"]);
  const stop = new AbortController();
  const appender = log.appender();
  let fastS = Math.floor(Date.now() / 1000) - 3 * 3600;
  let appended = 0;
  let watching: Promise<void>[] = [];
  const feeding = (async () => {
    for (let round = 0; !stop.signal.aborted; round++) {
      const startedMs = performance.now();
      const second = Math.floor(Date.now() / 1000);
      // A quarter of a second's households at a time.
      const records: NewRecord[] = [];
      for (let index = round % (4 * EVERY_S); index < households; index += 4 * EVERY_S) {
        records.push(...recordsOf(identityOf(index), second));
      }
      for (let step = 0; step < SPEED / 4; step++) records.push(...recordsOf(FAST, fastS++));
      await appender.append(records);
      appended += records.length;
      await pause(Math.max(0, 250 - (performance.now() - startedMs)), stop.signal);
    }
  })();
  const path = (await findCommand("chromium", systemSource().folders))!;
  const browser = await puppeteer.launch({ executablePath: path, args: ["--no-sandbox"] });
  try {
    await server.ready();
    const url = server.lines.find(({ message }) => message === "serving")!.address + "/";
    watching = Array.from({ length: viewers }, (_, index) => view(url, index, stop.signal));
    const pages: Record<string, string> = {
      system: "#/system",
      households: "#/households",
      household: "#/households/user-7/home-7",
      "household left open": "#/households/fast/fast",
      label: "#/households/user-7/home-7/label",
    };
    const cpu = () => server.metric("process_cpu_seconds_total");
    await pause(WARM_UP_MS);
    const [beforeS, beforeMs, beforeCount] = [await cpu(), performance.now(), appended];
    await pause(measuredMs);
    const seconds = (performance.now() - beforeMs) / 1000;
    print(
      `server: ${(100 * (await cpu() - beforeS) / seconds).toFixed(1)} % of a core, ` +
        `${viewers} viewers, ${Math.round((appended - beforeCount) / seconds)} records/s, ` +
        `${Math.round(await server.metric("process_resident_memory_bytes") / 1e6)} MB`,
    );
    const open = await browser.newPage();
    await open.goto(`${url}${pages["household left open"]}`);
    await open.waitForSelector("canvas", { timeout: 120_000 });
    await pause(WARM_UP_MS);
    const first = await figuresOf(open);
    for (const [name, hash] of Object.entries(pages)) {
      if (name === "household left open") continue;
      const page = await browser.newPage();
      await page.goto(`${url}${hash}`);
      await page.waitForSelector("canvas, .households, .now", { timeout: 120_000 });
      await pause(10_000);
      print(`${name}: ${textOf(await figuresOf(page))}`);
      await page.close();
    }
    await open.bringToFront();
    await pause(measuredMs);
    print(`left open, at first: ${textOf(first)}`);
    print(
      `left open, ${Math.round(measuredMs * SPEED / 60_000)} min and more later: ${
        textOf(await figuresOf(open))
      }`,
    );
  } finally {
    stop.abort();
    await feeding;
    await browser.close();
    await server.end();
    // What a page is sent ends with the server: a stream on which nothing comes hears of no signal.
    await Promise.all(watching);
    await appender.close();
    await log.close();
    await Deno.remove(folder, { recursive: true });
  }
  return 0;
}

if (import.meta.main) Deno.exit(await main());

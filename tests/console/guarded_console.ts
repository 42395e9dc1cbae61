/** A console on which people log in, for tests: over a log with two users, and a Mosquitto that asks. */
import assert from "node:assert/strict";
import { connectAsync } from "mqtt";
import { writeConsolePage } from "../../scripts/build/console_page.ts";
import { encodeEvent } from "../../shared/events.ts";
import { eventually, PATIENCE_MS } from "../../shared/eventually.ts";
import { openLog } from "../../shared/log/open.ts";
import { startWorker, type WorkerProcess } from "../../shared/services/worker_process.ts";
import { DATASET_TOPIC, POWER_TOPIC, wattstreamTopics } from "../../shared/topics.ts";
import { type SecureMosquitto, startSecureMosquitto } from "../integration/secure_mosquitto.ts";

const DEADLINE = { deadlineMs: PATIENCE_MS, intervalMs: 50 };

export const PASSWORDS = {
  anna: "anna says",
  berta: "berta says",
  olga: "olga says",
  "a/b": "slash",
  bridge: "bridge says",
} as const;

/** The second with which each household's dataset begins. */
export const DATASET_S = 1_700_000_000;

export interface GuardedConsole {
  readonly url: string;
  readonly mosquitto: SecureMosquitto;
  readonly process: WorkerProcess;
  /** The cookie of who logs in. */
  logIn(username: keyof typeof PASSWORDS): Promise<string>;
  ask(path: string, options?: AskOptions): Promise<Answer>;
  /** Killed, and started again at the same address. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}

export interface AskOptions {
  readonly method?: string;
  readonly cookie?: string;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  /** Of an event stream, what came first. */
  readonly text: string;
}

/** @param args further flags of the console. */
export async function startGuardedConsole(
  args: readonly string[] = ["--log-in"],
): Promise<GuardedConsole> {
  await writeConsolePage();
  const mosquitto = await startSecureMosquitto(
    PASSWORDS,
    // Else it comes by the block.
    (settings) => settings.replace("log_dest stdout", "log_dest stderr"),
  );
  const logUrl = `sqlite:${mosquitto.folder}/log.db`;
  await fillLog(logUrl);
  const start = (address: string) =>
    startWorker("console", [
      ...["--log", logUrl, "--console", address, "--operators", "olga"],
      ...["--mqtt", mosquitto.bridgeUrl, "--mqtt-ca", mosquitto.caPath, ...args],
    ]);
  let process = start("127.0.0.1:0");
  const stop = async () => {
    await process.end();
    await mosquitto.stop();
  };
  const restart = async () => {
    await process.kill();
    process = start(new URL(url).host);
    await process.ready();
  };
  try {
    await process.ready();
  } catch (error) {
    await stop();
    throw error;
  }
  const url = process.lines.find(({ message }) => message === "serving")!.address as string;
  const ask = (path: string, options?: AskOptions) => askAt(`${url}${path}`, options);
  const logIn = async (username: keyof typeof PASSWORDS) => {
    const credentials = { username, password: PASSWORDS[username] };
    const { status, headers, text } = await ask("/api/log-in", {
      ...{ method: "POST", body: credentials },
    });
    assert.equal(status, 200, text);
    return headers.get("set-cookie")!.split(";")[0]!;
  };
  return {
    ...{ url, mosquitto, logIn, ask, restart, stop },
    get process() {
      return process;
    },
  };
}

/** Asks as a program does that is no browser. */
export async function askAt(url: string, options: AskOptions = {}): Promise<Answer> {
  const { method = "GET", cookie, body, headers } = options;
  const response = await fetch(url, {
    ...{ method, redirect: "manual" },
    headers: {
      ...(body !== undefined && { "content-type": "application/json" }),
      ...(cookie !== undefined && { cookie }),
      ...headers,
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  const isStream = response.headers.get("content-type")?.startsWith("text/event-stream") ?? false;
  const text = isStream ? await beginningOf(response) : await response.text();
  return { status: response.status, headers: response.headers, text };
}

async function beginningOf(response: Response): Promise<string> {
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
  const { value } = await reader.read();
  await reader.cancel();
  return value ?? "";
}

async function fillLog(logUrl: string): Promise<void> {
  const log = await openLog(logUrl);
  await log.createTopics(wattstreamTopics(2));
  const appender = log.appender();
  const timestamps = [DATASET_S, DATASET_S + 1];
  for (const username of ["anna", "berta"]) {
    const household = { username, client_id: "flat" };
    const dataset = {
      ...{ session_start: DATASET_S, session_end: DATASET_S + 1, timestamps },
      consumption: [100, 2100],
      state_bitmaps: [[false], [true]],
    };
    await appender.append([
      {
        ...{ topic: POWER_TOPIC, key: "flat" },
        value: encodeEvent({ ...household, timestamp: DATASET_S, consumption: 100 }),
      },
      {
        ...{ topic: DATASET_TOPIC, key: "flat" },
        value: encodeEvent({ ...household, ...dataset }),
      },
    ]);
  }
  await appender.close();
  await log.close();
}

/** All that is published while `body` runs, by topic. */
export async function publishedDuring(
  { mosquitto }: GuardedConsole,
  body: () => Promise<void>,
): Promise<{ readonly topic: string; readonly text: string }[]> {
  const published: { topic: string; text: string }[] = [];
  const client = await connectAsync(mosquitto.bridgeUrl, {
    ...{ username: "bridge", password: PASSWORDS.bridge, protocolVersion: 5 },
    ca: await Deno.readTextFile(mosquitto.caPath),
  });
  client.on("message", (topic, payload) => void published.push({ topic, text: `${payload}` }));
  try {
    await client.subscribeAsync("energy/#", { qos: 1 });
    await body();
    // What was published before is here when this is.
    const mark = crypto.randomUUID();
    await client.subscribeAsync("wattstream/check/#", { qos: 1 });
    await client.publishAsync("wattstream/check/mark", mark, { qos: 1 });
    await eventually(() => assert.ok(published.some(({ text }) => text === mark)), DEADLINE);
  } finally {
    await client.endAsync();
  }
  return published.filter(({ topic }) => topic.startsWith("energy/"));
}

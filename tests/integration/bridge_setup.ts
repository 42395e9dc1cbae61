/** What tests of the bridge have in common: brokers, a log, and bridges as processes of their own. */
import assert from "node:assert/strict";
import { setTimeout as delay } from "node:timers/promises";
import { connectAsync, type IClientOptions, type MqttClient } from "mqtt";
import type { Reading } from "../../shared/events.ts";
import { eventually, PATIENCE_MS } from "../../shared/eventually.ts";
import type { Log, LogRecord } from "../../shared/log/log.ts";
import { openLog } from "../../shared/log/open.ts";
import { type EmbeddedBroker, startEmbeddedBroker } from "../../shared/mqtt/embedded_broker.ts";
import { startWorker, type WorkerProcess } from "../../shared/services/worker_process.ts";
import { DEAD_LETTER_TOPIC, POWER_TOPIC, wattstreamTopics } from "../../shared/topics.ts";

export const DEADLINE = { deadlineMs: PATIENCE_MS, intervalMs: 50 };
/** Of bridges that are given no other. */
export const CLIENT_ID = "client-id-of-these-tests";

/** A broker takes messages sooner than a log: without pauses, tests would wait for the backlog. */
const PUBLISH_PAUSE_MS = 2;

export interface Setup {
  readonly broker: EmbeddedBroker;
  readonly log: Log;
  readonly logPath: string;
  start(...args: string[]): WorkerProcess;
}

/** An embedded broker, a log with its topics, and bridges that are gone afterwards. */
export async function withSetup(run: (setup: Setup) => Promise<void>): Promise<void> {
  const broker = await startEmbeddedBroker();
  try {
    await withLog(({ log, logPath, start }) =>
      run({
        broker,
        log,
        logPath,
        start: (...args) =>
          start(
            ...["--mqtt", broker.url, "--mqtt-version", "3.1.1"],
            ...(args.includes("--client-id") ? [] : ["--client-id", CLIENT_ID]),
            ...args,
          ),
      })
    );
  } finally {
    await broker.close();
  }
}

export async function withLog(run: (setup: Omit<Setup, "broker">) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  const logPath = `${folder}/log.db`;
  const log = await openLog(`sqlite:${logPath}`);
  const bridges: WorkerProcess[] = [];
  const start = (...args: string[]) => {
    const bridge = startWorker("bridge", [
      ...["--log", `sqlite:${logPath}`, ...stateArgs(folder, args), ...args],
    ]);
    bridges.push(bridge);
    return bridge;
  };
  try {
    await log.createTopics(wattstreamTopics());
    await run({ log, logPath, start });
  } finally {
    for (const bridge of bridges) await bridge.end();
    await log.close();
    await Deno.remove(folder, { recursive: true });
  }
}

/** A state folder for each client id below this folder, unless the flags name one. */
export function stateArgs(folder: string, args: readonly string[]): string[] {
  if (args.includes("--state")) return [];
  const index = args.indexOf("--client-id");
  return ["--state", `${folder}/state-${index < 0 ? "of-its-own" : args[index + 1]}`];
}

export async function recordsOf(log: Log, topic: string): Promise<LogRecord[]> {
  const records: LogRecord[] = [];
  for await (const record of log.read({ topic })) records.push(record);
  return records;
}

export function eventOf<T>(record: LogRecord): T {
  return JSON.parse(new TextDecoder().decode(record.value!));
}

export function reading(household: number, second: number): string {
  return JSON.stringify({
    client_id: `flat-${household}`,
    username: "anna",
    timestamp: 1_790_000_000 + second,
    consumption: second,
  });
}

export function topicOf(household: number): string {
  return `energy/anna/flat-${household}/power`;
}

/** Households that publish their readings one after the other, each on its own connection. */
export class Publishers {
  readonly #clients: MqttClient[];
  #second = 0;
  #isStopping = false;
  #publishing: Promise<void> = Promise.resolve();

  static async connect(url: string, count: number, options: IClientOptions): Promise<Publishers> {
    const clients = Array.from({ length: count }, () => connectAsync(url, options));
    return new Publishers(await Promise.all(clients));
  }

  constructor(clients: MqttClient[]) {
    this.#clients = clients;
  }

  get second(): number {
    return this.#second;
  }

  start(): void {
    this.#publishing = (async () => {
      for (; !this.#isStopping; this.#second++) {
        const message = this.#second;
        await Promise.all(
          this.#clients.map((client, household) =>
            client.publishAsync(topicOf(household), reading(household, message), { qos: 1 })
          ),
        );
        await delay(PUBLISH_PAUSE_MS);
      }
    })();
  }

  /** Ends publishing; the number of readings that each household has published. */
  async stop(): Promise<number> {
    this.#isStopping = true;
    await this.#publishing;
    await Promise.all(this.#clients.map((client) => client.endAsync()));
    return this.#second;
  }
}

/** Waits until `/readyz` refuses with a text that matches. */
export async function unreadyWith(bridge: WorkerProcess, text: RegExp): Promise<void> {
  await eventually(async () => {
    const answer = await bridge.get("/readyz");
    assert.equal(answer.status, 503);
    assert.match(answer.text, text);
  }, DEADLINE);
}

/** Every household's readings are in the log, in order when only the first of each is looked at. */
export async function assertComplete(
  log: Log,
  households: number,
  published: number,
): Promise<void> {
  const seconds = new Map<string, Set<number>>();
  for (const record of await recordsOf(log, POWER_TOPIC)) {
    const { client_id, consumption } = eventOf<Reading>(record);
    assert.equal(new TextDecoder().decode(record.key!), client_id);
    const seen = seconds.get(client_id) ?? new Set();
    seconds.set(client_id, seen.add(consumption));
  }
  for (let household = 0; household < households; household++) {
    const seen = seconds.get(`flat-${household}`) ?? new Set();
    const expected = Array.from({ length: published }, (_, second) => second);
    assert.equal(seen.size, published, `flat-${household} is complete`);
    assert.deepEqual([...seen], expected, `flat-${household} is in order`);
  }
  assert.deepEqual(await recordsOf(log, DEAD_LETTER_TOPIC), []);
}

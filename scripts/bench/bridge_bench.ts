/**
 * `deno task bench --bridge`: readings/s from Mosquitto to Kafka through one bridge, as a
 * ratio to `mosquitto_sub` merely receiving the same stream in the same run, by the clock and by
 * CPU-seconds, and the latency from publish to append. The publisher, both brokers and the bridge share
 * this machine. All of them are warm: they run for months, and a JVM that has just started compiles for
 * seconds.
 */
import { setTimeout as delay } from "node:timers/promises";
import { WattstreamError } from "../../shared/errors.ts";
import type { Log, NewRecord } from "../../shared/log/log.ts";
import { openLog } from "../../shared/log/open.ts";
import { startMosquitto } from "../../shared/services/mosquitto.ts";
import { startWorker } from "../../shared/services/worker_process.ts";
import { POWER_TOPIC, wattstreamTopics } from "../../shared/topics.ts";
import { withKafka } from "./broker.ts";
import { usageOf } from "./process_usage.ts";
import { publishStream } from "./raw_publisher.ts";

const CONNECTIONS = 4;
/** Readings that go all the way before the clock starts. */
const WARM_UP_READINGS = 100_000;
/**
 * Appends that Kafka takes before. 200,000 readings by 50 requests take a broker 1.3 CPU-seconds right after
 * its start, most of them its compiler's, .8 the second time, and .1 to .15 after 12,000 requests.
 */
const WARM_UP_APPENDS = 10_000;
const WARM_UP_APPEND_RECORDS = 50;
/** Each so many appends it is asked where its partitions end, which the measuring does too. */
const APPENDS_PER_LOOK = 20;
const POLL_MS = 10;
const RUN_MS_MAX = 300_000;
const LATENCY_PER_S = 2000;
const LATENCY_READINGS = 20_000;

export interface BridgeFigures {
  /** `mosquitto_sub` merely receiving. */
  readonly limitPerS: number;
  readonly readingsPerS: number;
  readonly toLimit: number;
  readonly readingsPerCpuS: number;
  /** To the readings per CPU-second of `mosquitto_sub`. */
  readonly perCpuSToLimit: number;
  readonly peakMemoryMB: number;
  /** Publish to append, ms, at 2,000 readings/s. */
  readonly latencyMsP50: number;
  readonly latencyMsP99: number;
}

export interface BridgeLoad {
  readonly readings: number;
  readonly households: number;
  readonly qos: 0 | 1;
}

/** Kafka as it is once it has run for a while. */
export interface WarmKafka {
  readonly logUrl: string;
  readonly log: Log;
}

interface World extends WarmKafka {
  readonly port: number;
  readonly mqttUrl: string;
}

/** Starts a broker for as long as `run` takes, and warms it up first. */
export async function withWarmKafka(run: (kafka: WarmKafka) => Promise<void>): Promise<void> {
  await withKafka(async ({ url: logUrl }) => {
    const log = await openLog(logUrl);
    try {
      await log.createTopics(wattstreamTopics());
      await warmUp(log);
      await run({ logUrl, log });
    } finally {
      await log.close();
    }
  });
}

/** What a broker compiles it has called often: so many small appends, not a few large ones. */
async function warmUp(log: Log): Promise<void> {
  const appender = log.appender();
  const records: NewRecord[] = Array.from(
    { length: WARM_UP_APPEND_RECORDS },
    (_, household) => ({
      topic: POWER_TOPIC,
      key: `flat-${household}`,
      value: payload(household, 0),
    }),
  );
  for (let count = 0; count < WARM_UP_APPENDS; count++) {
    await appender.append(records);
    if (count % APPENDS_PER_LOOK === 0) await endOffsets(log);
  }
  await appender.close();
}

/** One run, on a Mosquitto of its own. */
export async function benchBridge(kafka: WarmKafka, load: BridgeLoad): Promise<BridgeFigures> {
  const mosquitto = await startMosquitto({ extra: "max_inflight_messages 0\npersistence false" });
  try {
    const { url: mqttUrl, broker: { port } } = mosquitto;
    const world = { ...kafka, port, mqttUrl };
    // To nobody: the publisher is warm for both.
    await publish({ port, load: { ...load, readings: WARM_UP_READINGS } });
    const limit = await benchSubscriber(world, load);
    const { latencies, ...figures } = await benchOne(world, load);
    return {
      limitPerS: limit.readingsPerS,
      ...figures,
      toLimit: figures.readingsPerS / limit.readingsPerS,
      perCpuSToLimit: figures.readingsPerCpuS / limit.readingsPerCpuS,
      latencyMsP50: latencies[Math.floor(latencies.length * 0.5)]!,
      latencyMsP99: latencies[Math.floor(latencies.length * 0.99)]!,
    };
  } finally {
    await mosquitto.stop();
  }
}

/** Runs a command, then says what CPU time it took: after its end nobody else could ask. */
const WITH_TIMES = '"$@" > /dev/null && times';

/** What `mosquitto_sub` receives, of QoS 1 with its acknowledgements. */
async function benchSubscriber({ port }: World, load: BridgeLoad) {
  const { readings, qos } = load;
  const child = new Deno.Command("sh", {
    args: [
      ...["-c", WITH_TIMES, "sh", "mosquitto_sub"],
      ...["-p", String(port), "-t", "energy/+/+/power", "-q", String(qos), "-V", "mqttv5"],
      ...["-C", String(readings), "-F", "%p", "-D", "connect", "receive-maximum", "1000"],
    ],
    stdout: "piped",
  }).spawn();
  await delay(500); // until it has subscribed
  const startMs = performance.now();
  await publish({ port, load });
  const { success, stdout } = await child.output();
  if (!success) throw new WattstreamError("unavailable", "mosquitto_sub failed");
  const wallS = (performance.now() - startMs) / 1000;
  const cpuS = childrenCpuS(new TextDecoder().decode(stdout));
  return { readingsPerS: readings / wallS, readingsPerCpuS: readings / cpuS };
}

/** The second line that `times` prints: `0m0.45s 0m0.12s`, user and system. */
function childrenCpuS(times: string): number {
  const [, line = ""] = times.trim().split("\n");
  const parts = [...line.matchAll(/(\d+)m([\d.]+)s/g)];
  return parts.reduce(
    (sum, [, minutes, seconds]) => sum + Number(minutes) * 60 + Number(seconds),
    0,
  );
}

async function benchOne(world: World, load: BridgeLoad) {
  const { port, mqttUrl, logUrl, log } = world;
  const folder = await Deno.makeTempDir();
  const bridge = startWorker("bridge", [
    ...["--mqtt", mqttUrl, "--log", logUrl, "--state", folder, "--spool", `${folder}/spool`],
  ]);
  try {
    await bridge.ready();
    const start = await endOffsets(log);
    await publish({ port, load: { ...load, readings: WARM_UP_READINGS } });
    await untilAppended(log, start, WARM_UP_READINGS);
    const from = await endOffsets(log);
    const startMs = performance.now();
    const before = await usageOf(bridge.pid);
    await publish({ port, load });
    await untilAppended(log, from, load.readings);
    const wallS = (performance.now() - startMs) / 1000;
    const { cpuS, peakMemoryMB } = await usageOf(bridge.pid);
    await assertOrder(log, load, from);
    const latencies = await measureLatency(world, load);
    await bridge.stop();
    return {
      readingsPerS: load.readings / wallS,
      readingsPerCpuS: load.readings / (cpuS - before.cpuS),
      peakMemoryMB,
      latencies,
    };
  } finally {
    await bridge.end();
    await Deno.remove(folder, { recursive: true });
  }
}

async function publish({ port, load, perS }: { port: number; load: BridgeLoad; perS?: number }) {
  await publishStream({
    ...load,
    port,
    perS,
    connections: CONNECTIONS,
    payload,
  });
}

/** A live reading: of a backlog the bridge appends no more than a second of a household at once. */
function payload(household: number, consumption: number): string {
  const timestamp = Math.floor(Date.now() / 1000);
  return `{"client_id":"flat-${household}","username":"anna","timestamp":${timestamp},"consumption":${consumption}}`;
}

/** Waits until the log has so many readings behind these offsets. */
async function untilAppended(log: Log, from: readonly number[], count: number): Promise<void> {
  const startMs = performance.now();
  for (;;) {
    const ends = await endOffsets(log);
    const held = ends.reduce((sum, end, partition) => sum + end - from[partition]!, 0);
    if (held >= count) return;
    if (performance.now() - startMs > RUN_MS_MAX) {
      throw new WattstreamError("unavailable", `only ${held} of ${count} readings arrived`);
    }
    await delay(POLL_MS);
  }
}

/** How far each partition of `power` has come. */
async function endOffsets(log: Log): Promise<number[]> {
  const [power] = await log.describe([POWER_TOPIC]);
  return power!.partitions.map(({ endOffset }) => endOffset);
}

/** @throws WattstreamError `invariant` where a household's readings are out of order. */
async function assertOrder(
  log: Log,
  { readings, households }: BridgeLoad,
  from: readonly number[],
): Promise<void> {
  const latest = new Map<string, number>();
  let count = 0;
  for await (const { key, value } of log.read({ topic: POWER_TOPIC, from })) {
    const household = new TextDecoder().decode(key!);
    const { consumption } = JSON.parse(new TextDecoder().decode(value!));
    const expected = (latest.get(household) ?? -1) + 1;
    if (consumption !== expected) {
      throw new WattstreamError("invariant", `${household}: ${consumption} for ${expected}`);
    }
    latest.set(household, consumption);
    count++;
  }
  if (count !== readings || latest.size !== Math.min(households, readings)) {
    throw new WattstreamError("invariant", `${count} readings of ${latest.size} households`);
  }
}

/** Sorted latencies from publish to append, ms; readings carry when they were published. */
async function measureLatency({ port, log }: World, load: BridgeLoad): Promise<number[]> {
  const from = await endOffsets(log);
  await publishStream({
    ...load,
    readings: LATENCY_READINGS,
    port,
    perS: LATENCY_PER_S,
    connections: CONNECTIONS,
    payload: (household) => payload(household, Date.now()),
  });
  await untilAppended(log, from, LATENCY_READINGS);
  const latencies: number[] = [];
  for await (const { value, appendMs } of log.read({ topic: POWER_TOPIC, from })) {
    latencies.push(appendMs - JSON.parse(new TextDecoder().decode(value!)).consumption);
  }
  return latencies.sort((a, b) => a - b);
}

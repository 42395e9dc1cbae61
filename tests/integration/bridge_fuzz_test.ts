/**
 * Whatever comes over MQTT, the bridge lives, its memory stays flat, and each message is in exactly
 * one counter. CI runs a small size; `WATTSTREAM_FUZZ_MESSAGES=100000` is the full one, and
 * `WATTSTREAM_FUZZ_SEED` repeats a run.
 *
 * V8 collects garbage when it likes, so single figures of memory differ by more than 50 MB while what
 * is reachable stays the same. What is compared are the medians of two stretches, after a warm-up:
 *
 *   received   0 %  warm-up  20 %   before    60 %    after    100 %
 */
import assert from "node:assert/strict";
import { setTimeout as delay } from "node:timers/promises";
import { connectAsync, type MqttClient } from "mqtt";
import { usageNow } from "./memory.ts";
import { seededRandom } from "../../shared/testing/seeded_random.ts";
import { eventually, PATIENCE_MS } from "../../shared/eventually.ts";
import type { WorkerProcess } from "../../shared/services/worker_process.ts";
import { startMosquitto } from "../../shared/services/mosquitto.ts";
import { DEAD_LETTER_TOPIC, DEVICE_STATE_TOPIC, POWER_TOPIC } from "../../shared/topics.ts";
import { recordsOf, withLog } from "./bridge_setup.ts";
import { totalOf } from "./bridge_kafka.ts";

const MESSAGES = Number(Deno.env.get("WATTSTREAM_FUZZ_MESSAGES") ?? 5000);
const SEED = Number(Deno.env.get("WATTSTREAM_FUZZ_SEED") ?? Date.now() % 1e9);
const GROWTH_MB_MAX = 40;
const WARM_UP_MB_MAX = 100;
/** Below it the warm-up is most of the run. */
const FLAT_FROM_MESSAGES = 50_000;
const SAMPLE_MS = 500;
const IN_FLIGHT = 200;
/** A message takes 1 ms on a machine that has nothing else to do. */
const DEADLINE = { deadlineMs: PATIENCE_MS + MESSAGES * 5, intervalMs: 200 };
const RECEIVED = "wattstream_bridge_received_total";

const random = seededRandom(SEED);
const pick = <T>(values: readonly T[]): T => values[Math.floor(random() * values.length)]!;
const encoder = new TextEncoder();

const ODD_VALUES: readonly string[] = [
  ...["null", "true", "[]", "{}", '""', '"x"', "-1", "0", "1e400", "-0", "1.5", "1e11", "1e12"],
  ...["1790000000000", '"1790000000"', "[[[[]]]]", '"\\ud800"', '"\\u0000"', "NaN", "1e-400", "99"],
  ...['"' + "n".repeat(300) + '"', "[true,1]", "[true]", `[${"true,".repeat(256)}true]`],
];
const ODD_LEVELS = ["", "anna", "a b", "é", "🔌", "$SYS", "__proto__", "x".repeat(500), "..", '"'];

function eventText(isState: boolean): string {
  const fields: Record<string, string> = {
    client_id: '"flat-1"',
    username: '"anna"',
    timestamp: String(1_790_000_000 + Math.floor(random() * 1000)),
    ...(isState ? { state_bitmap: "[true,false]" } : { consumption: "12.5" }),
  };
  for (let change = Math.floor(random() * 3); change > 0; change--) {
    const name = pick([...Object.keys(fields), "extra", "__proto__", "constructor"]);
    if (random() < 0.3) delete fields[name];
    else fields[name] = pick(ODD_VALUES);
  }
  return `{${Object.entries(fields).map(([name, value]) => `"${name}":${value}`).join(",")}}`;
}

function payload(isState: boolean): Uint8Array {
  const bytes = encoder.encode(eventText(isState));
  const dice = random();
  if (dice < 0.5) return bytes;
  if (dice < 0.65) return bytes.subarray(0, Math.floor(random() * bytes.length));
  if (dice < 0.85) {
    for (let flips = 1 + Math.floor(random() * 4); flips > 0; flips--) {
      bytes[Math.floor(random() * bytes.length)] = Math.floor(random() * 256);
    }
    return bytes;
  }
  if (dice < 0.9) return crypto.getRandomValues(new Uint8Array(Math.floor(random() * 300)));
  if (dice < 0.92) return encoder.encode("[".repeat(Math.floor(random() * 20_000)));
  if (dice < 0.921) return new Uint8Array(70_000 + Math.floor(random() * 1000)).fill(0x41);
  if (dice < 0.95) return encoder.encode("\ufeff" + eventText(isState));
  return encoder.encode(eventText(isState) + pick(["", " ", "\n", "x", "\0", "}"]));
}

function topic(isState: boolean): string {
  const kind = isState ? "device-state" : "power";
  const dice = random();
  if (dice < 0.7) return `energy/anna/flat-1/${kind}`;
  if (dice < 0.95) return `energy/${pick(ODD_LEVELS)}/${pick(ODD_LEVELS)}/${kind}`;
  return pick([`energy/anna/${kind}`, "power", `energy/anna/flat-1/${kind}/x`, "energy/a/b/other"]);
}

/** Publishes everything; the number of messages that the bridge's subscription matches. */
async function publishAll(publisher: MqttClient): Promise<number> {
  let expected = 0;
  let pending: Promise<unknown>[] = [];
  for (let index = 0; index < MESSAGES; index++) {
    const isState = random() < 0.3;
    const to = topic(isState);
    // Retained ones are live for a subscriber that is there.
    if (/^energy\/[^/]*\/[^/]*\/(power|device-state)$/.test(to)) expected++;
    const message = payload(isState);
    pending.push(publisher.publishAsync(to, message as never, { qos: 1 }));
    if (pending.length < IN_FLIGHT) continue;
    await Promise.all(pending);
    pending = [];
  }
  await Promise.all(pending);
  return expected;
}

interface Sample {
  readonly received: number;
  readonly memoryMB: number;
}

/** Looks at the bridge's memory twice a second until the other work is over. */
async function watchMemory<T>(bridge: WorkerProcess, work: Promise<T>): Promise<[T, Sample[]]> {
  let isOver = false;
  const watch = async () => {
    const samples: Sample[] = [];
    while (!isOver) {
      const received = await totalOf(bridge, RECEIVED);
      samples.push({ received, memoryMB: await usageNow(bridge.pid) });
      await delay(SAMPLE_MS);
    }
    return samples;
  };
  return await Promise.all([work.finally(() => isOver = true), watch()]);
}

/** In a short run: what the warm-up may take. */
function assertBounded(samples: readonly Sample[], received: number): void {
  const early = samples.find((each) => each.received >= received / 4) ?? samples[0]!;
  const growthMB = samples.at(-1)!.memoryMB - early.memoryMB;
  assert.ok(growthMB < WARM_UP_MB_MAX, `memory grew by ${growthMB} MB from ${early.memoryMB} MB`);
}

function assertFlat(samples: readonly Sample[], received: number): void {
  const medianOf = (from: number, to: number) => {
    const values = samples.filter((each) =>
      each.received > from * received && each.received <= to * received
    ).map(({ memoryMB }) => memoryMB).sort((a, b) => a - b);
    return Math.round(values[Math.floor(values.length / 2)]!);
  };
  const [beforeMB, afterMB] = [medianOf(0.2, 0.6), medianOf(0.6, 1)];
  const peakMB = Math.round(Math.max(...samples.map(({ memoryMB }) => memoryMB)));
  // deno-lint-ignore no-console -- the figures of a run in full size.
  console.log({ received, beforeMB, afterMB, peakMB });
  assert.ok(afterMB - beforeMB < GROWTH_MB_MAX, `${beforeMB} MB became ${afterMB} MB`);
}

Deno.test(`bridge accounts for each of ${MESSAGES} mutated messages, seed ${SEED}`, () =>
  withLog(async ({ log, start }) => {
    const mosquitto = await startMosquitto();
    const publisher = await connectAsync(mosquitto.url, { protocolVersion: 5 });
    try {
      // The buffer is full before the warm-up is over.
      const bridge = start("--mqtt", mosquitto.url, "--buffer-messages", "5000");
      await bridge.ready();
      const settling = publishAll(publisher).then((count) =>
        eventually(async () => {
          assert.equal(await totalOf(bridge, RECEIVED), count);
          return count;
        }, DEADLINE)
      );
      const [expected, samples] = await watchMemory(bridge, settling);
      const appended = await totalOf(bridge, "wattstream_bridge_appended_total");
      const deadLetters = await totalOf(bridge, "wattstream_bridge_dead_letters_total");
      const others = await Promise.all(
        ["retained", "other_share", "dropped"].map((name) =>
          totalOf(bridge, `wattstream_bridge_${name}_total`)
        ),
      );
      assert.deepEqual(others, [0, 0, 0]);
      assert.equal(appended + deadLetters, expected);
      const counts = await Promise.all(
        [POWER_TOPIC, DEVICE_STATE_TOPIC, DEAD_LETTER_TOPIC].map(async (name) =>
          (await recordsOf(log, name)).length
        ),
      );
      assert.equal(counts[0]! + counts[1]!, appended);
      assert.equal(counts[2], deadLetters);
      assert.ok(appended > expected / 10 && deadLetters > expected / 10);
      if (MESSAGES >= FLAT_FROM_MESSAGES) assertFlat(samples, expected);
      else assertBounded(samples, expected);
      assert.equal(await bridge.stop(), 0);
    } finally {
      await publisher.endAsync();
      await mosquitto.stop();
    }
  }));

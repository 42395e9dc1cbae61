/**
 * Traces on real Kafka and Mosquitto, told to a collector of the test's own: readings are followed from
 * MQTT to their window and dataset, over a worker that is killed, or to their dead letter.
 */
import { connectAsync } from "mqtt";
import assert from "node:assert/strict";
import { openLog } from "../../shared/log/open.ts";
import { eventually, PATIENCE_MS } from "../../shared/eventually.ts";
import { startKafka } from "../../shared/services/kafka.ts";
import { startMosquitto } from "../../shared/services/mosquitto.ts";
import { startWorker, type WorkerProcess } from "../../shared/services/worker_process.ts";
import { type CollectedSpan, TraceCollector } from "../../shared/testing/trace_collector.ts";
import { wattstreamTopics } from "../../shared/topics.ts";

const DEADLINE = { deadlineMs: PATIENCE_MS, intervalMs: 100 };
const HOUSEHOLD = { client_id: "home", username: "anna" };
/** Seconds with a reading and a device state. */
const SECONDS = 40;

Deno.test("a reading is one trace from MQTT to its window and its dataset", async () => {
  await using world = await startWorld();
  const { collector } = world;
  const bridge = world.start("bridge", ["--trace-sample", "1"]);
  const predictions = world.start("predictions");
  const training = world.start("training");
  await Promise.all([bridge.ready(), predictions.ready(), training.ready()]);
  const firstS = Math.floor(Date.now() / 1000) - 200;
  await world.publish(firstS, SECONDS);
  await untilSpans(collector, "predictions process", SECONDS);
  await untilSpans(collector, "training process", SECONDS);
  await predictions.kill();
  const next = world.start("predictions");
  // Far enough ahead to close all windows and the session, and then one that is late.
  await world.publish(firstS + 60, 1);
  await world.publish(firstS, 1);
  await untilSpans(collector, "predictions emit", SECONDS);
  await untilSpans(collector, "training emit", 1);
  await untilSpans(collector, "predictions refuse", 1);
  for (const worker of [bridge, next, training]) assert.equal(await worker.stop(), 0);

  const traceOf = (second: number) => {
    const [root] = collector.named("bridge receive")
      .filter(({ attributes }) => attributes["wattstream.timestamp"] === second);
    return new Trace(collector.spans.filter(({ traceId }) => traceId === root!.traceId));
  };
  const first = traceOf(firstS);
  assert.deepEqual(first.parents(), {
    "bridge receive": [undefined],
    "append power": ["bridge receive"],
    "predictions process": ["append power"],
    "predictions emit": ["predictions process"],
    "training process": ["append power"],
    "training emit": ["training process"],
  });
  first.assertInOrder("bridge receive", "append power", "predictions process", "predictions emit");
  first.assertInOrder("append power", "training process", "training emit");
  assert.equal(first.span("bridge receive").service, "bridge");
  assert.equal(first.span("training emit").service, "training");
  assert.equal(first.span("training emit").links.length, SECONDS - 1);

  // Its windows closed after the kill: what reads it again processes nothing anew.
  assert.deepEqual(traceOf(firstS + SECONDS - 1).parents(), {
    "bridge receive": [undefined],
    "append power": ["bridge receive"],
    "predictions process": ["append power"],
    "predictions emit": ["append power"],
    "training process": ["append power"],
  });
  assert.equal(
    collector.named("predictions refuse")[0]!.attributes["wattstream.reason"],
    "late",
  );

  const headers = await world.headersOf("predictions");
  const emitted = collector.named("predictions emit").map(({ traceId, spanId }) =>
    `00-${traceId}-${spanId}-01`
  );
  assert.deepEqual(headers.sort(), emitted.sort());
});

Deno.test("a bridge that names no collector traces nothing", async () => {
  await using world = await startWorld();
  const bridge = world.start("bridge", ["--trace-sample", "1"], []);
  await bridge.ready();
  await world.publish(Math.floor(Date.now() / 1000) - 200, SECONDS);
  await eventually(async () => {
    assert.equal(await bridge.metric('wattstream_bridge_appended_total{topic="power"}'), SECONDS);
  }, DEADLINE);
  assert.equal(await bridge.stop(), 0);
  assert.deepEqual(await world.headersOf("power"), []);
  assert.deepEqual(world.collector.spans, []);
});

Deno.test("a collector that is away is said, and holds up nothing", async () => {
  await using world = await startWorld();
  const nobody = ["--trace-to", "http://127.0.0.1:9"];
  const bridge = world.start("bridge", ["--trace-sample", "1"], nobody);
  await bridge.ready();
  await world.publish(Math.floor(Date.now() / 1000) - 200, SECONDS);
  await eventually(() => {
    const line = bridge.lines.find(({ message }) => /traces do not reach/.test(message));
    assert.match(String(line?.problem), /127\.0\.0\.1:9/);
  }, DEADLINE);
  assert.equal(await bridge.metric('wattstream_bridge_appended_total{topic="power"}'), SECONDS);
  assert.equal(await bridge.stop(), 0);
});

/** The spans of one trace. */
class Trace {
  readonly #spans: readonly CollectedSpan[];

  constructor(spans: readonly CollectedSpan[]) {
    this.#spans = spans;
  }

  /** The one span of this name. */
  span(name: string): CollectedSpan {
    const [span, ...others] = this.#spans.filter((each) => each.name === name);
    assert.ok(span !== undefined && others.length === 0, Deno.inspect(this.#spans));
    return span;
  }

  /** The names of all spans, with those that they are part of. */
  parents(): Record<string, (string | undefined)[]> {
    const byName = Map.groupBy(this.#spans, ({ name }) => name);
    const nameOf = (spanId: string | undefined) =>
      this.#spans.find((span) => span.spanId === spanId)?.name;
    return Object.fromEntries(
      [...byName].map(([name, spans]) =>
        [name, spans.map(({ parentSpanId }) => nameOf(parentSpanId))] as const
      ),
    );
  }

  /** Each begins no earlier than the one before, and ends no earlier than it began. */
  assertInOrder(...names: string[]): void {
    let lastMs = 0;
    for (const { startMs, endMs } of names.map((name) => this.span(name))) {
      assert.ok(startMs >= lastMs && endMs >= startMs, Deno.inspect(this.#spans));
      lastMs = startMs;
    }
  }
}

async function untilSpans(collector: TraceCollector, name: string, count: number): Promise<void> {
  await eventually(() => {
    const { length } = collector.named(name);
    assert.ok(length >= count, `${length} spans ${name}, ${count} awaited`);
  }, DEADLINE);
}

/** Brokers with topics, a collector, and the workers started on them. */
async function startWorld() {
  const collector = new TraceCollector();
  const [kafka, mosquitto] = await Promise.all([startKafka(), startMosquitto()]);
  const folder = await Deno.makeTempDir();
  const workers: WorkerProcess[] = [];
  const log = await openLog(kafka.url);
  await log.createTopics(wattstreamTopics(2));
  const client = await connectAsync(mosquitto.url);
  const publish = (kind: string, event: unknown) =>
    client.publishAsync(`energy/anna/home/${kind}`, JSON.stringify(event), { qos: 1 });
  return {
    collector,
    start(
      name: string,
      args: readonly string[] = [],
      traceTo: readonly string[] = ["--trace-to", collector.url],
    ): WorkerProcess {
      const own = name === "bridge"
        ? ["--mqtt", mosquitto.url, "--state", folder]
        : ["--kafka-instance", `${name}-0`];
      const worker = startWorker(name, ["--log", kafka.url, ...own, ...traceTo, ...args]);
      workers.push(worker);
      return worker;
    },
    /** Publishes a reading and a device state of each of these seconds. */
    async publish(fromS: number, seconds: number): Promise<void> {
      const sent: Promise<unknown>[] = [];
      for (let second = fromS; second < fromS + seconds; second++) {
        const event = { ...HOUSEHOLD, timestamp: second };
        sent.push(publish("power", { ...event, consumption: 230.5 }));
        sent.push(publish("device-state", { ...event, state_bitmap: [true] }));
      }
      await Promise.all(sent);
    },
    /** The traces in the headers of a topic's records. */
    async headersOf(topic: string): Promise<string[]> {
      const found: string[] = [];
      for await (const { headers } of log.read({ topic })) {
        if (headers.traceparent !== undefined) found.push(headers.traceparent);
      }
      return found;
    },
    async [Symbol.asyncDispose](): Promise<void> {
      await Promise.all(workers.map((worker) => worker.end()));
      await client.endAsync();
      await log.close();
      await Promise.all([kafka.stop(), mosquitto.stop()]);
      await collector[Symbol.asyncDispose]();
      await Deno.remove(folder, { recursive: true });
    },
  };
}

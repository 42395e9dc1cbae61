import assert from "node:assert/strict";
import { hasCode, WattstreamError } from "../../shared/errors.ts";
import type { Appender, NewRecord } from "../../shared/log/log.ts";
import { DEFAULT_TOPIC_LAYOUT, parseTopicLayout } from "../../shared/mqtt/topics.ts";
import { Metrics } from "../../shared/service/metrics.ts";
import { eventually } from "../../shared/testing/eventually.ts";
import { type AckStream, encodePubacks } from "./held_ack.ts";
import { type IncomingMessage, Intake } from "./intake.ts";
import { bridgeMetrics } from "./metrics.ts";

const DEADLINE = { deadlineMs: 10_000, intervalMs: 2 };

/** A log whose every append the test answers: real logs do not fail when they are told to. */
class ManualAppender implements Appender {
  readonly calls: { records: readonly NewRecord[]; done: PromiseWithResolvers<void> }[] = [];

  append(records: readonly NewRecord[]): Promise<void> {
    const done = Promise.withResolvers<void>();
    this.calls.push({ records, done });
    return done.promise;
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  /** Waits for append number `index` (from 0) and gives the readings in it. */
  async call(index: number): Promise<{ values: number[]; done: PromiseWithResolvers<void> }> {
    const { records, done } = await eventually(() => {
      assert.ok(this.calls.length > index);
      return this.calls[index]!;
    }, DEADLINE);
    return { values: records.map(({ value }) => JSON.parse(String(value)).consumption), done };
  }
}

class Stream implements AckStream {
  destroyed = false;
  writableEnded = false;
  readonly written: Uint8Array[] = [];
  write(bytes: Uint8Array): void {
    this.written.push(bytes);
  }
}

function start(bufferMessagesMax = 100) {
  const parsed = parseTopicLayout(DEFAULT_TOPIC_LAYOUT);
  assert.ok(parsed.ok);
  const appender = new ManualAppender();
  const metrics = new Metrics(bridgeMetrics);
  const logStates: (string | undefined)[] = [];
  const giveUp = new AbortController();
  const intake = new Intake({
    appender,
    layout: parsed.layout,
    metrics,
    bufferMessagesMax,
    onLogState: (problem) => logStates.push(problem),
    elapsedMs: () => 0,
    random: () => 0,
  });
  const value = async (name: string): Promise<number | undefined> => {
    const text = await metrics.registry.metrics();
    const line = text.split("\n").find((candidate) => candidate.startsWith(`${name} `));
    return line === undefined ? undefined : Number(line.slice(name.length));
  };
  return { appender, intake, logStates, giveUp, value, running: intake.run(giveUp.signal) };
}

function message(
  consumption: number,
  options: Partial<IncomingMessage> & { readonly stream?: AckStream } = {},
): IncomingMessage {
  const { stream, ...rest } = options;
  return {
    topic: "energy/anna/flat-1/power",
    payload: new TextEncoder().encode(
      JSON.stringify({ client_id: "flat-1", username: "anna", timestamp: 1, consumption }),
    ),
    arrivedMs: 0,
    held: stream === undefined ? undefined : { stream, messageId: consumption },
    dup: false,
    retained: false,
    ...rest,
  };
}

Deno.test("Intake appends one batch after the other, and acknowledges each once it is appended", async () => {
  const { appender, intake, running } = start();
  const stream = new Stream();
  intake.offer(message(1, { stream }));
  const first = await appender.call(0);
  for (const consumption of [2, 3, 4]) intake.offer(message(consumption, { stream }));
  assert.deepEqual(first.values, [1]);
  assert.equal(appender.calls.length, 1, "the next waits for this one");
  assert.deepEqual(stream.written, []);
  assert.equal(intake.unacknowledgedCount, 4);
  first.done.resolve();
  const second = await appender.call(1);
  assert.deepEqual(second.values, [2, 3, 4], "what came meanwhile is one batch");
  assert.deepEqual(stream.written, [encodePubacks([1])]);
  intake.stop();
  second.done.resolve();
  await running;
  assert.deepEqual(stream.written, [encodePubacks([1]), encodePubacks([2, 3, 4])]);
  assert.equal(intake.pendingCount, 0);
});

Deno.test("Intake tries a log that is away again with the same batch, and says so", async () => {
  const { appender, intake, logStates, running, value } = start();
  const stream = new Stream();
  intake.offer(message(1, { stream }));
  const first = await appender.call(0);
  intake.offer(message(2, { stream }));
  first.done.reject(new WattstreamError("unavailable", "no leader"));
  const again = await appender.call(1);
  assert.deepEqual(again.values, [1], "nothing overtakes it");
  assert.deepEqual(logStates, ["no leader"]);
  assert.deepEqual(stream.written, []);
  assert.equal(await value("wattstream_bridge_append_failures_total"), 1);
  assert.equal(await value("wattstream_bridge_unacknowledged"), 2);
  again.done.resolve();
  (await appender.call(2)).done.resolve();
  intake.stop();
  await running;
  assert.deepEqual(logStates, ["no leader", undefined, undefined]);
});

Deno.test("Intake.run() fails without an acknowledgement where waiting does not help", async () => {
  const { appender, intake, running } = start();
  const stream = new Stream();
  intake.offer(message(1, { stream }));
  (await appender.call(0)).done.reject(new WattstreamError("auth", "not allowed"));
  await assert.rejects(running, (error) => hasCode(error, "auth"));
  assert.deepEqual(stream.written, []);
});

Deno.test("Intake.run() can be given up while the log is away", async () => {
  const { appender, intake, giveUp, running } = start();
  intake.offer(message(1, { stream: new Stream() }));
  intake.offer(message(2));
  intake.stop();
  (await appender.call(0)).done.reject(new WattstreamError("unavailable", "no leader"));
  giveUp.abort();
  await assert.rejects(
    running,
    (error) => hasCode(error, "unavailable") && /no leader/.test(error.message),
  );
  assert.equal(intake.pendingCount, 2);
  assert.equal(intake.unacknowledgedCount, 1);
});

Deno.test("Intake.offer() asks for a pause while the buffer is full, and drops nothing", async () => {
  const { appender, intake, running } = start(2);
  intake.offer(message(1));
  const first = await appender.call(0);
  assert.equal(intake.offer(message(2)), undefined);
  const room = intake.offer(message(3));
  assert.ok(room instanceof Promise);
  assert.equal(intake.offer(message(4)), room, "one more than the bound still finds its place");
  first.done.resolve();
  await room;
  const second = await appender.call(1);
  assert.deepEqual(second.values, [2, 3, 4]);
  second.done.resolve();
  intake.stop();
  await running;
});

Deno.test("Intake.offer() bounds the bytes of the buffer as well", async () => {
  const { appender, intake, running } = start();
  const payload = new Uint8Array(40 * 1024 * 1024);
  intake.offer(message(1));
  const first = await appender.call(0);
  assert.equal(intake.offer(message(2, { payload })), undefined);
  const room = intake.offer(message(3, { payload }));
  assert.ok(room instanceof Promise);
  first.done.resolve();
  const second = await appender.call(1);
  await room;
  assert.equal(second.values.length, 1, "large messages are appended one by one");
  second.done.resolve();
  (await appender.call(2)).done.resolve();
  intake.stop();
  await running;
});

Deno.test("Intake counts every message in exactly one outcome", async () => {
  const { appender, intake, running, value } = start();
  const stream = new Stream();
  const text = (content: string) => ({ payload: new TextEncoder().encode(content) });
  intake.offer(message(0, { retained: true, stream }));
  intake.offer(message(1, { dup: true, stream }));
  intake.offer(message(2, text("{")));
  intake.offer(message(3, { topic: "energy/berta/flat-1/power" }));
  intake.offer(message(4, { topic: "elsewhere" }));
  intake.offer(message(5, text('{"client_id":"flat-1","username":"anna","consumption":5}')));
  const only = await appender.call(0);
  assert.equal(only.values.length, 5, "a stored message is not appended");
  only.done.resolve();
  intake.stop();
  await running;
  assert.deepEqual(stream.written, [encodePubacks([0, 1])], "but acknowledged");
  for (
    const [name, expected] of [
      ['received_total{kind="power"}', 5],
      ['received_total{kind="device-state"}', 0],
      ['received_total{kind="unknown"}', 1],
      ['appended_total{topic="power"}', 2],
      ['dead_letters_total{reason="invalid"}', 2],
      ['dead_letters_total{reason="forged"}', 1],
      ["retained_total", 1],
      ["redelivered_total", 1],
      ["stamped_total", 1],
      ["buffered", 0],
    ] as const
  ) assert.equal(await value(`wattstream_bridge_${name}`), expected, name);
});

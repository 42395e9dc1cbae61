import assert from "node:assert/strict";
import { hasCode, WattstreamError } from "../../shared/errors.ts";
import { encodePubacks } from "../../shared/mqtt/puback_packets.ts";
import { eventually } from "../../shared/eventually.ts";
import { DEADLINE, message, start, Stream } from "./testing/intake_setup.ts";

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

Deno.test("Intake.offer() asks for a pause while the buffer is full, and drops no QoS 1", async () => {
  const { appender, intake, running } = start({ bufferMessagesMax: 2 });
  const stream = new Stream();
  intake.offer(message(1, { stream }));
  const first = await appender.call(0);
  assert.equal(intake.offer(message(2, { stream })), undefined);
  const room = intake.offer(message(3, { stream }));
  assert.ok(room instanceof Promise);
  assert.equal(intake.offer(message(4, { stream })), room, "one more still finds its place");
  first.done.resolve();
  await room;
  const second = await appender.call(1);
  assert.deepEqual(second.values, [2, 3, 4]);
  second.done.resolve();
  intake.stop();
  await running;
});

Deno.test("Intake.offer() never pauses for QoS 0: beyond the buffer it is dropped and counted", async () => {
  const { appender, drops, intake, running, value } = start({ bufferMessagesMax: 2 });
  intake.offer(message(1));
  const first = await appender.call(0);
  for (const consumption of [2, 3, 4, 5]) {
    assert.equal(intake.offer(message(consumption)), undefined);
  }
  assert.equal(intake.offer(message(6, { stream: new Stream() })), undefined, "QoS 1 has its own");
  await eventually(() => assert.deepEqual(drops, [["buffer_full", 2]]), DEADLINE);
  first.done.resolve();
  const second = await appender.call(1);
  assert.deepEqual(second.values, [2, 3, 6]);
  second.done.resolve();
  intake.stop();
  await running;
  assert.equal(await value('wattstream_bridge_dropped_total{reason="buffer_full"}'), 2);
  assert.equal(await value('wattstream_bridge_received_total{kind="power"}'), 6);
});

Deno.test("Intake.offer() bounds the bytes of the buffer as well", async () => {
  const { appender, intake, running } = start();
  const stream = new Stream();
  const payload = new Uint8Array(40 * 1024 * 1024);
  intake.offer(message(1));
  const first = await appender.call(0);
  assert.equal(intake.offer(message(2, { payload, stream })), undefined);
  const room = intake.offer(message(3, { payload, stream }));
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

Deno.test("Intake leaves other households to the bridges beside it, and acknowledges in order", async () => {
  const ours = start({ share: { index: 0, count: 2 } });
  const theirs = start({ share: { index: 1, count: 2 } });
  const streams = [new Stream(), new Stream()];
  for (let household = 1; household <= 20; household++) {
    const topic = `energy/anna/flat-${household}/power`;
    const payload = new TextEncoder().encode(
      JSON.stringify({ client_id: `flat-${household}`, username: "anna", consumption: household }),
    );
    ours.intake.offer(message(household, { topic, payload, stream: streams[0]! }));
    theirs.intake.offer(message(household, { topic, payload, stream: streams[1]! }));
  }
  const taken = [];
  for (const { appender, intake, running } of [ours, theirs]) {
    const { values, done } = await appender.call(0);
    taken.push(...values);
    done.resolve();
    intake.stop();
    await running;
  }
  const all = Array.from({ length: 20 }, (_, index) => index + 1);
  assert.deepEqual(taken.toSorted((a, b) => a - b), all, "each household is taken once");
  for (const { written } of streams) assert.deepEqual(written, [encodePubacks(all)]);
  const others = await Promise.all(
    [ours, theirs].map(({ value }) => value("wattstream_bridge_other_share_total")),
  );
  assert.equal(others[0]! + others[1]!, 20);
});

Deno.test("Intake judges the share by the payload where the topic has no household", async () => {
  const taken: number[] = [];
  for (const index of [0, 1]) {
    const { appender, intake, running } = start({ layout: "flat", share: { index, count: 2 } });
    for (let household = 1; household <= 10; household++) {
      const content = { client_id: `flat-${household}`, username: "anna", consumption: household };
      const payload = new TextEncoder().encode(JSON.stringify(content));
      intake.offer(message(household, { topic: "power", payload }));
    }
    intake.offer(message(0, { topic: "power", payload: new TextEncoder().encode("{") }));
    const { records, done } = await eventually(() => appender.calls[0] ?? assert.fail(), DEADLINE);
    taken.push(...records.map(({ value }) => JSON.parse(String(value)).consumption ?? 0));
    done.resolve();
    intake.stop();
    await running;
  }
  assert.deepEqual(taken.toSorted((a, b) => a - b), [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
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

Deno.test("Intake.offer() keeps a copy and not a slice of what was read", async () => {
  const { appender, intake, running } = start();
  const { payload } = message(1);
  const read = new Uint8Array([...payload, ...payload]);
  for (const stream of [undefined, new Stream()]) {
    intake.offer({
      ...message(1, { ...(stream && { stream }) }),
      payload: read.subarray(0, payload.length),
    });
  }
  read.fill(0);
  const call = await appender.call(0);
  assert.deepEqual(call.values, [1, 1]);
  call.done.resolve();
  intake.stop();
  await running;
});

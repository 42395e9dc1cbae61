/** The intake and its spool: what the log does not take for a while. */
import assert from "node:assert/strict";
import { hasCode, WattstreamError } from "../../shared/errors.ts";
import { eventually } from "../../shared/eventually.ts";
import { DEADLINE, message, start, type StartOptions, Stream } from "./testing/intake_setup.ts";
import { Spool } from "../../shared/spool/spool.ts";

const AWAY = new WattstreamError("unavailable", "no leader");

interface World extends ReturnType<typeof start> {
  readonly spool: Spool;
  readonly folder: string;
}

async function withSpool(
  options: StartOptions & { readonly bytesMax?: number },
  run: (world: World) => Promise<void>,
): Promise<void> {
  const folder = await Deno.makeTempDir();
  const { bytesMax = 1e6, ...rest } = options;
  const spool = new Spool({ folder, bytesMax, nowMs: Date.now, onProblem: () => {} });
  const world = start({ ...rest, spool });
  try {
    await run({ ...world, spool, folder });
  } finally {
    world.intake.stop();
    await world.intake.close();
    await spool.close();
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("Intake brings all to the disk once the log is away, and acknowledges it then", () =>
  withSpool({}, async ({ appender, intake, running, spool, value }) => {
    const stream = new Stream();
    intake.offer(message(1));
    intake.offer(message(2, { stream }));
    const first = await appender.call(0);
    intake.offer(message(3));
    intake.offer(message(4, { stream }));
    assert.deepEqual([intake.atRiskCount, intake.unacknowledgedCount], [2, 2]);
    first.done.reject(AWAY);
    await eventually(() => assert.deepEqual(stream.ids, [2, 4]), DEADLINE);
    assert.equal(spool.count, 4, "what is in hand, and the buffer");
    assert.deepEqual([intake.atRiskCount, intake.unacknowledgedCount], [0, 0]);
    intake.offer(message(5));
    intake.offer(message(6, { stream }));
    await eventually(() => assert.deepEqual(stream.ids, [2, 4, 6]), DEADLINE);
    assert.equal(spool.count, 6);
    const again = await appender.call(1);
    assert.deepEqual(again.values, [1, 2], "the batch in hand stays as it was");
    again.done.resolve();
    const rest = await appender.call(2);
    assert.deepEqual(rest.values, [3, 4, 5, 6], "the spool goes on where the batch ended");
    intake.offer(message(7, { stream }));
    intake.offer(message(8));
    assert.deepEqual(stream.ids, [2, 4, 6], "behind what is in hand, and nothing is in the spool");
    rest.done.resolve();
    const live = await appender.call(3);
    assert.deepEqual(live.values, [7, 8]);
    assert.ok(spool.isEmpty, "the log is there: no need for the disk");
    live.done.resolve();
    intake.stop();
    await running;
    assert.deepEqual(stream.ids, [2, 4, 6, 7]);
    assert.equal(await value('wattstream_bridge_received_total{kind="power"}'), 8);
    assert.equal(await value('wattstream_bridge_appended_total{topic="power"}'), 8);
    assert.equal(await value("wattstream_bridge_spooled_total"), 6);
    assert.equal(await value("wattstream_bridge_spool_messages"), 0);
    assert.equal(await value("wattstream_bridge_unacknowledged"), 0);
  }));

Deno.test("Intake puts what comes behind the spool while there is anything in it", () =>
  withSpool({}, async ({ appender, intake, running, spool }) => {
    const stream = new Stream();
    // More than one batch takes.
    for (let index = 0; index < 3000; index++) spool.write([message(index)]);
    intake.offer(message(3000, { stream }));
    const first = await appender.call(0);
    assert.ok(first.values.length < 3000);
    await eventually(() => assert.deepEqual(stream.ids, [3000]), DEADLINE);
    intake.offer(message(3001));
    await eventually(() => assert.equal(spool.count, 3002), DEADLINE);
    appender.takeAll();
    await eventually(() => assert.ok(spool.isEmpty), DEADLINE);
    intake.stop();
    await running;
    assert.deepEqual(appender.values(), Array.from({ length: 3002 }, (_, index) => index));
    assert.ok(spool.isEmpty);
  }));

Deno.test("Intake spools before the second is over after which a log counts as away", () =>
  withSpool({}, async ({ appender, intake, logStates, running, spool }) => {
    const stream = new Stream();
    intake.offer(message(1, { stream }));
    const first = await appender.call(0);
    intake.offer(message(2, { stream }));
    await eventually(() => assert.deepEqual(stream.ids, [1, 2]), DEADLINE);
    assert.equal(spool.count, 2);
    await eventually(() => assert.match(logStates.at(-1)!, /not answered for 1000 ms/), DEADLINE);
    first.done.resolve();
    const second = await appender.call(1);
    assert.deepEqual(second.values, [2], "what is appended is no longer in the spool");
    assert.equal(logStates.at(-1), undefined);
    second.done.resolve();
    intake.stop();
    await running;
    assert.ok(spool.isEmpty);
    assert.deepEqual(stream.ids, [1, 2], "once each");
  }));

Deno.test("Intake sends what exceeds its buffer by way of the spool, in order", () =>
  withSpool({ bufferMessagesMax: 3 }, async ({ appender, drops, intake, running, spool }) => {
    const stream = new Stream();
    intake.offer(message(0));
    const first = await appender.call(0);
    for (let index = 1; index < 10; index++) {
      const room = intake.offer(message(index, index % 2 === 0 ? {} : { stream }));
      if (room !== undefined) await room;
    }
    await eventually(() => assert.equal(spool.count, 10, "with what is in hand"), DEADLINE);
    assert.equal(intake.atRiskCount, 0);
    first.done.resolve();
    const second = await appender.call(1);
    assert.deepEqual(second.values, [1, 2, 3, 4, 5, 6, 7, 8, 9]);
    second.done.resolve();
    intake.stop();
    await running;
    assert.deepEqual(drops, []);
    assert.deepEqual(stream.ids, [1, 3, 5, 7, 9]);
  }));

Deno.test("Intake acknowledges what is passed over in its turn, and does not spool it", () =>
  withSpool({}, async ({ appender, intake, running, spool, value }) => {
    const stream = new Stream();
    intake.offer(message(1, { stream }));
    (await appender.call(0)).done.reject(AWAY);
    await eventually(() => assert.deepEqual(stream.ids, [1]), DEADLINE);
    intake.offer(message(2, { stream }));
    intake.offer(message(3, { stream, retained: true }));
    intake.offer(message(4, { stream, dup: true }));
    await eventually(() => assert.deepEqual(stream.ids, [1, 2, 3, 4]), DEADLINE);
    assert.equal(spool.count, 3);
    (await appender.call(1)).done.resolve();
    (await appender.call(2)).done.resolve();
    intake.stop();
    await running;
    assert.equal(await value("wattstream_bridge_retained_total"), 1);
    assert.equal(await value("wattstream_bridge_redelivered_total"), 1);
    assert.equal(await value('wattstream_bridge_received_total{kind="power"}'), 4);
    assert.equal(await value('wattstream_bridge_appended_total{topic="power"}'), 3);
  }));

Deno.test("Intake drops what is newest of QoS 0 beyond spool and buffer, and counts it", () =>
  withSpool({ bytesMax: 1000, bufferMessagesMax: 2 }, async (world) => {
    const { appender, drops, intake, running, spool, value } = world;
    intake.offer(message(0));
    (await appender.call(0)).done.reject(AWAY);
    await eventually(() => assert.equal(spool.count, 1), DEADLINE);
    for (let index = 1; index < 20; index++) intake.offer(message(index));
    await eventually(() => assert.equal(drops.length, 1), DEADLINE);
    const kept = spool.count + 2;
    assert.deepEqual(drops, [["spool_full", 20 - kept]]);
    (await appender.call(1)).done.resolve();
    const rest = await appender.call(2);
    assert.deepEqual(rest.values, Array.from({ length: kept - 3 }, (_, index) => index + 1));
    rest.done.resolve();
    const behind = await appender.call(3);
    assert.deepEqual(behind.values, [kept - 2, kept - 1]);
    behind.done.resolve();
    intake.stop();
    await running;
    assert.equal(await value('wattstream_bridge_received_total{kind="power"}'), 20);
    assert.equal(
      await value('wattstream_bridge_dropped_total{reason="spool_full"}'),
      20 - kept,
    );
  }));

Deno.test("Intake holds QoS 1 back while the spool is full, and goes on once there is room", () =>
  withSpool({ bytesMax: 1000, bufferMessagesMax: 4 }, async (world) => {
    const { appender, drops, intake, running, spool } = world;
    const stream = new Stream();
    intake.offer(message(0, { stream }));
    (await appender.call(0)).done.reject(AWAY);
    await eventually(() => assert.deepEqual(stream.ids, [0]), DEADLINE);
    let offered = 1;
    let room: Promise<void> | undefined;
    for (; room === undefined && offered < 30; offered++) {
      room = intake.offer(message(offered, { stream }));
      await new Promise((resolve) => setTimeout(resolve));
    }
    await eventually(() => assert.equal(stream.ids.length, spool.count), DEADLINE);
    assert.equal(offered - spool.count, 4, "those that are held back are with the broker");
    assert.equal(intake.unacknowledgedCount, 4);
    appender.takeAll();
    await room;
    intake.stop();
    await running;
    await intake.close();
    const expected = Array.from({ length: offered }, (_, index) => index);
    assert.deepEqual(stream.ids, expected);
    assert.deepEqual([...new Set(appender.values())], expected);
    assert.deepEqual(drops, []);
  }));

Deno.test("Intake acknowledges no QoS 1 that a failing disk does not take, and tries it again", async () => {
  const folder = await Deno.makeTempDir();
  const path = `${folder}/spool`;
  await Deno.writeTextFile(path, "a file where the folder should be");
  const clock = { nowMs: 0 };
  const spool = new Spool({
    folder: path,
    bytesMax: 1e6,
    nowMs: () => clock.nowMs,
    onProblem: () => {},
  });
  const { appender, intake, running } = start({ spool });
  try {
    const stream = new Stream();
    intake.offer(message(1, { stream }));
    (await appender.call(0)).done.reject(AWAY);
    intake.offer(message(2, { stream }));
    await appender.call(1);
    assert.deepEqual([stream.ids, intake.unacknowledgedCount], [[], 2]);
    await Deno.remove(path);
    clock.nowMs = 1000;
    await eventually(() => assert.deepEqual(stream.ids, [1, 2]), DEADLINE);
    assert.equal(spool.count, 2);
    (await appender.call(1)).done.resolve();
    (await appender.call(2)).done.resolve();
    intake.stop();
    await running;
    assert.deepEqual([...new Set(appender.values())], [1, 2]);
  } finally {
    await intake.close();
    await spool.close();
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("Intake leaves the spool to the next process when it stops", () =>
  withSpool({}, async ({ appender, giveUp, intake, running, spool }) => {
    const stream = new Stream();
    intake.offer(message(1, { stream }));
    (await appender.call(0)).done.reject(AWAY);
    intake.offer(message(2));
    intake.offer(message(3, { stream }));
    intake.stop();
    giveUp.abort();
    await assert.rejects(running, (error) => hasCode(error, "unavailable"));
    await intake.close();
    assert.equal(spool.count, 3);
    assert.equal(intake.atRiskCount, 0, "nothing is lost");
    assert.deepEqual(stream.ids, [1, 3]);
    const next = start({ spool });
    const only = await next.appender.call(0);
    assert.deepEqual(only.values, [1, 2, 3]);
    only.done.resolve();
    await eventually(() => assert.ok(spool.isEmpty), DEADLINE);
    next.intake.stop();
    await next.running;
  }));

Deno.test("Intake empties the spool before it stops where nobody will come for it", () =>
  withSpool({}, async ({ appender, intake, running, spool }) => {
    for (let index = 0; index < 3000; index++) spool.write([message(index)]);
    intake.offer(message(3000));
    await appender.call(0);
    intake.stop(true);
    appender.takeAll();
    await running;
    assert.ok(spool.isEmpty);
    assert.deepEqual(appender.values(), Array.from({ length: 3001 }, (_, index) => index));
  }));

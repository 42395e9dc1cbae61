/** The intake and its spool: QoS 0 while the log is away. */
import assert from "node:assert/strict";
import { hasCode, WattstreamError } from "../../shared/errors.ts";
import { eventually } from "../../shared/eventually.ts";
import { encodePubacks } from "./held_ack.ts";
import { DEADLINE, message, start, type StartOptions, Stream } from "./testing/intake_setup.ts";
import { Spool } from "./spool.ts";

const AWAY = new WattstreamError("unavailable", "no leader");

async function withSpool(
  options: StartOptions & { readonly bytesMax?: number },
  run: (world: ReturnType<typeof start> & { readonly spool: Spool }) => Promise<void>,
): Promise<void> {
  const folder = await Deno.makeTempDir();
  const { bytesMax = 1e6, ...rest } = options;
  const spool = new Spool({ folder, bytesMax, nowMs: Date.now, onProblem: () => {} });
  try {
    await run({ ...start({ ...rest, spool }), spool });
  } finally {
    await spool.close();
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("Intake brings QoS 0 to the disk once the log is away, and QoS 1 stays with the broker", () =>
  withSpool({}, async ({ appender, intake, running, spool, value }) => {
    const stream = new Stream();
    intake.offer(message(1));
    intake.offer(message(2, { stream }));
    const first = await appender.call(0);
    intake.offer(message(3));
    intake.offer(message(4, { stream }));
    assert.equal(intake.atRiskCount, 2);
    first.done.reject(AWAY);
    await eventually(
      () => assert.equal(spool.count, 2, "what is in hand, and the buffer"),
      DEADLINE,
    );
    assert.equal(intake.atRiskCount, 0);
    intake.offer(message(5));
    await eventually(() => assert.equal(spool.count, 3), DEADLINE);
    const again = await appender.call(1);
    assert.deepEqual(again.values, [1, 2], "the batch in hand stays as it was");
    again.done.resolve();
    const rest = await appender.call(2);
    assert.deepEqual(rest.values, [4, 3], "the spool goes on where the batch ended");
    intake.offer(message(6));
    await eventually(() => assert.equal(spool.count, 3, "behind what is in the spool"), DEADLINE);
    rest.done.resolve();
    const last = await appender.call(3);
    assert.deepEqual(last.values, [5, 6]);
    last.done.resolve();
    await eventually(() => assert.ok(spool.isEmpty), DEADLINE);
    intake.offer(message(7));
    const live = await appender.call(4);
    assert.ok(spool.isEmpty, "the log is there: no need for the disk");
    live.done.resolve();
    intake.stop();
    await running;
    assert.deepEqual(stream.written, [encodePubacks([2]), encodePubacks([4])]);
    assert.equal(await value('wattstream_bridge_received_total{kind="power"}'), 7);
    assert.equal(await value('wattstream_bridge_appended_total{topic="power"}'), 7);
    assert.equal(await value("wattstream_bridge_spooled_total"), 4);
    assert.equal(await value("wattstream_bridge_spool_messages"), 0);
  }));

Deno.test("Intake takes a log that does not answer for a second as away", () =>
  withSpool({}, async ({ appender, intake, logStates, running, spool }) => {
    intake.offer(message(1));
    const first = await appender.call(0);
    intake.offer(message(2));
    await eventually(() => assert.equal(spool.count, 2), DEADLINE);
    assert.match(logStates.at(-1)!, /not answered for 1000 ms/);
    first.done.resolve();
    const second = await appender.call(1);
    assert.deepEqual(second.values, [2], "what is appended is no longer in the spool");
    assert.equal(logStates.at(-1), undefined);
    second.done.resolve();
    intake.stop();
    await running;
    assert.ok(spool.isEmpty);
  }));

Deno.test("Intake sends what exceeds its buffer by way of the spool, in order", () =>
  withSpool({ bufferMessagesMax: 3 }, async ({ appender, drops, intake, running, spool }) => {
    intake.offer(message(0));
    const first = await appender.call(0);
    for (let index = 1; index < 10; index++) intake.offer(message(index));
    await eventually(() => assert.equal(spool.count, 6), DEADLINE);
    first.done.resolve();
    const second = await appender.call(1);
    assert.deepEqual(second.values, [1, 2, 3, 4, 5, 6, 7, 8, 9]);
    second.done.resolve();
    intake.stop();
    await running;
    assert.deepEqual(drops, []);
  }));

Deno.test("Intake brings its buffer to the disk although newer messages are there already", () =>
  withSpool({ bufferMessagesMax: 3 }, async ({ appender, intake, running, spool }) => {
    intake.offer(message(0));
    const first = await appender.call(0);
    for (let index = 1; index < 6; index++) intake.offer(message(index));
    await eventually(() => assert.equal(spool.count, 2), DEADLINE);
    first.done.reject(AWAY);
    await eventually(() => assert.equal(spool.count, 6), DEADLINE);
    assert.equal(intake.atRiskCount, 0);
    (await appender.call(1)).done.resolve();
    const rest = await appender.call(2);
    assert.deepEqual(rest.values, [1, 2, 3]);
    rest.done.resolve();
    const newest = await appender.call(3);
    assert.deepEqual(newest.values, [4, 5]);
    newest.done.resolve();
    await eventually(() => assert.ok(spool.isEmpty), DEADLINE);
    intake.stop();
    await running;
  }));

Deno.test("Intake drops the newest beyond the spool's bound, and counts them", () =>
  withSpool({ bytesMax: 1000 }, async ({ appender, drops, intake, running, spool, value }) => {
    intake.offer(message(0));
    (await appender.call(0)).done.reject(AWAY);
    await eventually(() => assert.equal(spool.count, 1), DEADLINE);
    for (let index = 1; index < 20; index++) intake.offer(message(index));
    await eventually(() => assert.equal(drops.length, 1), DEADLINE);
    const kept = spool.count;
    assert.deepEqual(drops, [["spool_full", 20 - kept]]);
    (await appender.call(1)).done.resolve();
    const rest = await appender.call(2);
    assert.deepEqual(rest.values, Array.from({ length: kept - 1 }, (_, index) => index + 1));
    rest.done.resolve();
    intake.stop();
    await running;
    assert.equal(await value('wattstream_bridge_received_total{kind="power"}'), 20);
    assert.equal(
      await value('wattstream_bridge_dropped_total{reason="spool_full"}'),
      20 - kept,
    );
  }));

Deno.test("Intake leaves the spool to the next process when it stops", () =>
  withSpool({}, async ({ appender, giveUp, intake, running, spool }) => {
    intake.offer(message(1));
    (await appender.call(0)).done.reject(AWAY);
    intake.offer(message(2));
    intake.stop();
    giveUp.abort();
    await assert.rejects(running, (error) => hasCode(error, "unavailable"));
    await eventually(() => assert.equal(spool.count, 2), DEADLINE);
    assert.equal(intake.atRiskCount, 0, "nothing is lost");
    const next = start({ spool });
    const only = await next.appender.call(0);
    assert.deepEqual(only.values, [1, 2]);
    only.done.resolve();
    await eventually(() => assert.ok(spool.isEmpty), DEADLINE);
    next.intake.stop();
    await next.running;
  }));

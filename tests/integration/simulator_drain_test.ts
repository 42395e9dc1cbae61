/** The drain of a simulator whose broker hangs: it waits while it may, and says what it gave up. */
import assert from "node:assert/strict";
import { eventually, PATIENCE_MS } from "../../shared/eventually.ts";
import { type Mosquitto, startMosquitto } from "../../shared/services/mosquitto.ts";
import { startWorker, type WorkerProcess } from "../../shared/services/worker_process.ts";

const DEADLINE = { deadlineMs: PATIENCE_MS, intervalMs: 50 };
const READINGS = "wattstream_simulator_readings";

/** Hands over a simulator with publications that its hanging broker has not acknowledged. */
async function withHangingBroker(
  drainTimeout: string,
  body: (simulator: WorkerProcess, mosquitto: Mosquitto) => Promise<void>,
): Promise<void> {
  const mosquitto = await startMosquitto();
  const simulator = startWorker("simulator", [
    ...["--mqtt", mosquitto.url, "--users", "5", "--seed", "1", "--drain-timeout", drainTimeout],
  ]);
  try {
    await simulator.ready();
    await mosquitto.broker.suspend();
    await eventually(async () => {
      const acknowledged = await simulator.metric(`${READINGS}_acknowledged_total`);
      assert.ok(await simulator.metric(`${READINGS}_total`) > acknowledged + 2);
    }, DEADLINE);
    await body(simulator, mosquitto);
  } finally {
    await simulator.end();
    await mosquitto.broker.resume();
    await mosquitto.stop();
  }
}

Deno.test("a simulator waits for a broker that hangs for less than --drain-timeout", () =>
  withHangingBroker("60s", async (simulator, mosquitto) => {
    const ended = simulator.stop();
    await eventually(() => {
      assert.ok(simulator.lines.some(({ message }) => message === "stopping"));
    }, DEADLINE);
    await mosquitto.broker.resume();
    assert.equal(await ended, 0);
    assert.ok(simulator.lines.some(({ message }) => message === "finished"));
  }));

Deno.test("a simulator whose broker acknowledges nothing for --drain-timeout says what is missing", () =>
  withHangingBroker("500ms", async (simulator) => {
    assert.equal(await simulator.stop(), 1);
    const failure = simulator.lines.find(({ message }) => message === "failed");
    assert.match(String(failure?.error), /[1-9]\d* publications were not acknowledged/);
  }));

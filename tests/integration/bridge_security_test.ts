/** The broker configuration of `deploy/mosquitto`: who may not, cannot, and nothing reaches `power`. */
import assert from "node:assert/strict";
import { connectAsync, type IClientOptions, type MqttClient } from "mqtt";
import type { Log } from "../../shared/log/log.ts";
import { eventually } from "../../shared/eventually.ts";
import { startMosquitto } from "../../shared/services/mosquitto.ts";
import { startWorker, type WorkerProcess } from "../../shared/services/worker_process.ts";
import { POWER_TOPIC } from "../../shared/topics.ts";
import { DEADLINE, eventOf, recordsOf, type Setup, withLog } from "./bridge_setup.ts";
import { type SecureMosquitto, startSecureMosquitto } from "./secure_mosquitto.ts";

const PASSWORDS = { bridge: "bridge-secret", anna: "anna-secret", berta: "berta-secret" };

interface SecureSetup {
  readonly mosquitto: SecureMosquitto;
  readonly log: Log;
  readonly bridge: WorkerProcess;
  readonly start: Setup["start"];
  /** Connects as this user; the client ends with the test. */
  connect(options: IClientOptions, url?: string): Promise<MqttClient>;
}

function withSecureSetup(run: (setup: SecureSetup) => Promise<void>): Promise<void> {
  return withLog(async ({ log, start }) => {
    const mosquitto = await startSecureMosquitto(PASSWORDS);
    const clients: MqttClient[] = [];
    const ca = await Deno.readTextFile(mosquitto.caPath);
    const connect = async (options: IClientOptions, url = mosquitto.url) => {
      const client = await connectAsync(url, {
        ...{ ca, protocolVersion: 5, reconnectPeriod: 0, connectTimeout: 5000 },
        ...options,
      }, false);
      clients.push(client);
      return client;
    };
    try {
      await Deno.writeTextFile(`${mosquitto.folder}/bridge-password`, `${PASSWORDS.bridge}\n`);
      const bridge = start(
        ...["--mqtt", mosquitto.url, "--mqtt-ca", mosquitto.caPath, "--mqtt-username", "bridge"],
        ...["--mqtt-password-file", `${mosquitto.folder}/bridge-password`],
      );
      await bridge.ready();
      await run({ mosquitto, log, bridge, start, connect });
      assert.equal(await bridge.stop(), 0);
    } finally {
      for (const client of clients) await client.endAsync(true);
      await mosquitto.stop();
    }
  });
}

function user(username: keyof typeof PASSWORDS): IClientOptions {
  return { username, password: PASSWORDS[username] };
}

function reading(username: string, second: number): string {
  const timestamp = 1_790_000_000 + second;
  return JSON.stringify({ client_id: "flat-1", username, timestamp, consumption: second });
}

/** Publishes something right as berta, and waits until the log has that and these seconds alone. */
async function assertOnlyThese(
  { log, connect }: SecureSetup,
  expected: readonly number[],
): Promise<void> {
  const berta = await connect(user("berta"));
  await berta.publishAsync("energy/berta/flat-1/power", reading("berta", 999), { qos: 1 });
  await eventually(async () => {
    const seconds = (await recordsOf(log, POWER_TOPIC)).map((record) =>
      eventOf<{ consumption: number }>(record).consumption
    );
    assert.deepEqual(seconds, [...expected, 999]);
  }, DEADLINE);
}

Deno.test("a user publishes as nobody else, in topic or payload, with MQTT 5 and 3.1.1", () =>
  withSecureSetup(async (setup) => {
    const { bridge, connect } = setup;
    for (const protocolVersion of [4, 5] as const) {
      const anna = await connect({ ...user("anna"), protocolVersion });
      await anna.publishAsync("energy/anna/flat-1/power", reading("anna", protocolVersion), {
        qos: 1,
      });
      const forged = reading("berta", 1);
      await anna.publishAsync("energy/anna/flat-1/power", forged, { qos: 1 });
      await anna.publishAsync("energy/anna/flat-2/power", reading("anna", 2), { qos: 1 });
      const topics = ["energy/berta/flat-1/power", "energy/anna/flat-1/other", "power", "$SYS/x"];
      for (const topic of topics) {
        const publishing = anna.publishAsync(topic, forged, { qos: 1 });
        // MQTT 3.1.1 has no way to say no.
        if (protocolVersion === 4) await publishing;
        else await assert.rejects(publishing, { code: 135 }, topic);
        await anna.publishAsync(topic, forged, { qos: 0 });
      }
    }
    await assertOnlyThese(setup, [4, 5]);
    assert.equal(await bridge.metric('wattstream_bridge_dead_letters_total{reason="forged"}'), 4);
    assert.equal(await bridge.metric('wattstream_bridge_received_total{kind="power"}'), 7);
    assert.equal(await bridge.metric('wattstream_bridge_received_total{kind="unknown"}'), 0);
  }));

Deno.test("a user reads nothing, neither others' readings nor their own", () =>
  withSecureSetup(async (setup) => {
    const { bridge, connect } = setup;
    const anna = await connect(user("anna"));
    let heard = 0;
    anna.on("message", () => heard++);
    await anna.subscribeAsync(["#", "energy/#", "energy/berta/+/power", "$share/x/energy/#"], {
      qos: 1,
    });
    await anna.publishAsync("energy/anna/flat-1/power", reading("anna", 1), { qos: 1 });
    await assertOnlyThese(setup, [1]);
    // A round trip on her connection: whatever was sent to her has come before.
    await anna.subscribeAsync("nothing", { qos: 1 });
    assert.equal(heard, 0);
    assert.equal(await bridge.metric('wattstream_bridge_received_total{kind="power"}'), 2);
  }));

Deno.test("nobody gets in with a wrong password, without one, or with a foreign or expired certificate", () =>
  withSecureSetup(async (setup) => {
    const { mosquitto, connect } = setup;
    await assert.rejects(connect({ username: "anna", password: "wrong" }), { code: 135 });
    await assert.rejects(connect({ username: "nobody", password: "x" }), { code: 135 });
    await assert.rejects(connect({}), { code: 135 });
    const { certificateUrl } = mosquitto;
    const identity = async (...args: Parameters<SecureMosquitto["certificate"]>) => {
      const { certPath, keyPath } = await mosquitto.certificate(...args);
      return { cert: await Deno.readTextFile(certPath), key: await Deno.readTextFile(keyPath) };
    };
    await assert.rejects(connect({}, certificateUrl), "no certificate");
    await assert.rejects(connect(user("anna"), certificateUrl), "a password in its place");
    await assert.rejects(connect(await identity("anna", { expired: true }), certificateUrl));
    await assert.rejects(connect(await identity("anna", { foreign: true }), certificateUrl));
    const anna = await connect(await identity("anna"), certificateUrl);
    await anna.publishAsync("energy/anna/flat-1/power", reading("anna", 1), { qos: 1 });
    await assert.rejects(
      anna.publishAsync("energy/berta/flat-1/power", reading("berta", 2), { qos: 1 }),
      { code: 135 },
    );
    await assertOnlyThese(setup, [1]);
  }));

Deno.test("bridge does not talk to a broker with a foreign or expired certificate, and says what to change", () =>
  withSecureSetup(async ({ mosquitto, start }) => {
    const foreign = start(
      ...["--mqtt", mosquitto.url, "--mqtt-ca", mosquitto.foreignCaPath, "--client-id", "other"],
    );
    assert.equal(await foreign.exit(), 1);
    assert.match(String(foreign.lines.at(-1)?.error), /--mqtt-ca, or the certificates/);
    const expired = await startMosquitto({ tls: { certificateExpired: true } });
    try {
      const bridge = start(
        ...["--mqtt", expired.url, "--mqtt-ca", expired.caPath!, "--client-id", "other"],
      );
      assert.equal(await bridge.exit(), 1);
      assert.match(String(bridge.lines.at(-1)?.error), /certificate has expired/);
    } finally {
      await expired.stop();
    }
  }));

Deno.test("a client with a retained will connects, and what is stored is taken once", () =>
  withSecureSetup(async (setup) => {
    const { connect, mosquitto, start } = setup;
    for (const protocolVersion of [4, 5] as const) {
      const topic = "energy/anna/flat-1/power";
      const will = { topic, payload: "Offline" as never, qos: 1, retain: true } as const;
      const anna = await connect({ ...user("anna"), protocolVersion, will });
      const payload = reading("anna", protocolVersion);
      await anna.publishAsync(topic, payload, { qos: 1, retain: true });
    }
    await assertOnlyThese(setup, [4, 5]);
    const again = start(
      ...["--mqtt", mosquitto.url, "--mqtt-ca", mosquitto.caPath, "--mqtt-username", "bridge"],
      ...["--mqtt-password-file", `${mosquitto.folder}/bridge-password`, "--client-id", "again"],
    );
    await again.ready();
    const berta = await connect(user("berta"));
    await berta.publishAsync("energy/berta/flat-1/power", reading("berta", 7), { qos: 1 });
    // Some brokers repeat what is stored when it asks them not to: then it passes that over.
    await eventually(async () => {
      const received = await again.metric('wattstream_bridge_received_total{kind="power"}');
      assert.equal(received - await again.metric("wattstream_bridge_retained_total"), 1);
    }, DEADLINE);
  }));

Deno.test("a publisher without rights sees so in its metrics, and the bridge nothing of it", () =>
  withSecureSetup(async ({ mosquitto, bridge }) => {
    const simulator = startWorker("simulator", [
      ...["--mqtt", mosquitto.url, "--mqtt-ca", mosquitto.caPath, "--users", "2"],
      ...["--mqtt-username", "anna", "--mqtt-password", PASSWORDS.anna, "--qos", "1"],
    ]);
    try {
      await eventually(async () => {
        assert.ok(await simulator.metric("wattstream_simulator_refused_total") >= 2);
      }, DEADLINE);
    } finally {
      await simulator.end();
    }
    assert.equal(await bridge.metric('wattstream_bridge_received_total{kind="power"}'), 0);
  }));

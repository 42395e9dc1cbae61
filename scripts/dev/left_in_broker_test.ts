import assert from "node:assert/strict";
import { connect, connectAsync, type IClientOptions } from "mqtt";
import { hasCode } from "../../shared/errors.ts";
import { startEmbeddedBroker } from "../../shared/mqtt/embedded_broker.ts";
import { startMosquitto } from "../../shared/services/mosquitto.ts";
import { freePorts } from "../../shared/services/ports.ts";
import { takeLeft } from "./left_in_broker.ts";

/** More than a broker has on its way at a time. */
const COUNT = 50;
const FILTER = "energy/+/+/power";

function sessionAt(url: string, protocolVersion: 4 | 5) {
  const { hostname: host, port } = new URL(url);
  const mqtt: IClientOptions = { protocol: "mqtt", host, port: Number(port), protocolVersion };
  return { mqtt, clientId: "bridge", filters: [FILTER] };
}

/** A session is there, its client is not, and messages come for it. */
async function leaveMessages(session: ReturnType<typeof sessionAt>): Promise<void> {
  const { mqtt, clientId } = session;
  const client = await connectAsync({
    ...{ ...mqtt, clientId, clean: false },
    ...(mqtt.protocolVersion === 5 && { properties: { sessionExpiryInterval: 60 } }),
  });
  await client.subscribeAsync(FILTER, { qos: 1 });
  await client.endAsync();
  const publisher = await connectAsync(mqtt);
  for (let index = 0; index < COUNT; index++) {
    await publisher.publishAsync("energy/user-1/flat/power", `${index}`, { qos: 1 });
  }
  await publisher.endAsync();
}

async function assertTakesAll(session: ReturnType<typeof sessionAt>): Promise<void> {
  assert.deepEqual(await takeLeft(session), [], "there is no such session");
  await leaveMessages(session);
  const texts = (await takeLeft(session)).map((payload) => new TextDecoder().decode(payload));
  assert.deepEqual(texts, Array.from({ length: COUNT }, (_, index) => `${index}`));
  const { mqtt, clientId } = session;
  const client = connect({ ...mqtt, clientId, clean: false, manualConnect: true });
  const present = new Promise((resolve) =>
    client.once("connect", ({ sessionPresent }) => resolve(sessionPresent))
  );
  client.connect();
  assert.equal(await present, false, "the session has ended");
  await client.endAsync();
}

Deno.test("takeLeft() empties and ends a session of MQTT 5 at Mosquitto", async () => {
  const mosquitto = await startMosquitto();
  try {
    await assertTakesAll(sessionAt(mosquitto.url, 5));
  } finally {
    await mosquitto.stop();
  }
});

Deno.test("takeLeft() empties and ends a session of MQTT 3.1.1 at Mosquitto", async () => {
  const mosquitto = await startMosquitto();
  try {
    await assertTakesAll(sessionAt(mosquitto.url, 4));
  } finally {
    await mosquitto.stop();
  }
});

Deno.test("takeLeft() takes what the embedded broker still has", async () => {
  const broker = await startEmbeddedBroker();
  try {
    const session = sessionAt(broker.url, 4);
    await leaveMessages(session);
    assert.equal((await takeLeft(session)).length, COUNT);
    assert.equal(broker.pendingFor(session.clientId), 0);
  } finally {
    await broker.close();
  }
});

Deno.test("takeLeft() says that the broker is not there", async () => {
  const [port] = freePorts(1);
  await assert.rejects(
    takeLeft(sessionAt(`mqtt://127.0.0.1:${port}`, 5)),
    (error) => hasCode(error, "unavailable") && /ECONNREFUSED/.test(error.message),
  );
});

import assert from "node:assert/strict";
import { connect, type IClientOptions, type MqttClient } from "mqtt";
import {
  checkConnects,
  type Mosquitto,
  type MosquittoOptions,
  startMosquitto,
} from "./mosquitto.ts";

Deno.test("startMosquitto() keeps a message for an absent subscriber while it is stopped", async () => {
  const session = {
    clientId: "absent",
    clean: false,
    properties: { sessionExpiryInterval: 600 },
  };
  const folder = await withMosquitto({}, async (mosquitto) => {
    await withClient(mosquitto, session, async (client) => {
      await client.subscribeAsync("energy/#", { qos: 1 });
    });
    await withClient(mosquitto, {}, async (client) => {
      await client.publishAsync("energy/a/b/power", "42", { qos: 1 });
    });
    await mosquitto.broker.stop();
    {
      using _other = Deno.listen({ hostname: "127.0.0.1", port: mosquitto.broker.port });
      await assert.rejects(mosquitto.broker.start(), /Free port/);
    }
    await mosquitto.broker.start();
    await checkConnects(mosquitto.broker.port);
    await withClient(mosquitto, session, async (_client, firstMessage) => {
      assert.equal(await firstMessage, "energy/a/b/power 42");
    });
  });
  await assert.rejects(Deno.stat(folder), Deno.errors.NotFound);
});

Deno.test("startMosquitto() with passwords, access list and TLS lets in whom they name", async () => {
  const passwords = { meter: "right" };
  const accessList = "user meter\ntopic write energy/meter/#\n";
  await withMosquitto({ passwords, accessList, tls: {} }, async (mosquitto) => {
    assert.match(mosquitto.url, /^mqtts:/);
    const ca = await Deno.readTextFile(mosquitto.caPath!);
    await withClient(mosquitto, { ca, username: "meter", password: "right" }, async (client) => {
      await client.publishAsync("energy/meter/b/power", "42", { qos: 1 });
      await assert.rejects(client.publishAsync("energy/other/b/power", "42", { qos: 1 }), {
        code: 135,
      });
    });
    await assert.rejects(
      withClient(mosquitto, { ca, username: "meter", password: "wrong" }, async () => {}),
      { code: 135 },
    );
  });
});

Deno.test("startMosquitto() with an expired certificate is refused by a client", async () => {
  await withMosquitto({ tls: { certificateExpired: true } }, async (mosquitto) => {
    const ca = await Deno.readTextFile(mosquitto.caPath!);
    await assert.rejects(withClient(mosquitto, { ca }, async () => {}), /expired/i);
  });
});

Deno.test("startMosquitto() with a setting that does not exist says so", async () => {
  await assert.rejects(startMosquitto({ extra: "no_such_setting 1" }), /no_such_setting/);
});

/** Returns the folder that the server had. */
async function withMosquitto(
  options: MosquittoOptions,
  body: (mosquitto: Mosquitto) => Promise<void>,
): Promise<string> {
  const mosquitto = await startMosquitto(options);
  try {
    await body(mosquitto);
  } finally {
    await mosquitto.stop();
  }
  return mosquitto.folder;
}

async function withClient(
  mosquitto: Mosquitto,
  options: IClientOptions,
  body: (client: MqttClient, firstMessage: Promise<string>) => Promise<void>,
): Promise<void> {
  const client = connect(mosquitto.url, { protocolVersion: 5, reconnectPeriod: 0, ...options });
  const firstMessage = new Promise<string>((resolve) => {
    client.once("message", (topic, payload) => resolve(`${topic} ${payload}`));
  });
  try {
    await new Promise((resolve, reject) => client.once("connect", resolve).once("error", reject));
    await body(client, firstMessage);
  } finally {
    await client.endAsync();
  }
}

/** What `deploy/mosquitto` says of client ids, tried on Mosquitto. */
import assert from "node:assert/strict";
import { connectAsync, type IClientOptions, type MqttClient } from "mqtt";
import { eventually } from "../../shared/eventually.ts";
import { POWER_TOPIC } from "../../shared/topics.ts";
import { DEADLINE, reading, recordsOf, topicOf, withLog } from "./bridge_setup.ts";
import { type SecureMosquitto, startSecureMosquitto } from "./secure_mosquitto.ts";

const PASSWORDS = { bridge: "bridge-secret", anna: "anna-secret", mallory: "mallory-secret" };
const READINGS = 300;
/** The most that somebody can know, for these tests. */
const CLIENT_ID = "the-client-id-of-the-bridge-which-mallory-knows";

const withUsernames = (settings: string) => settings.replaceAll("# use_username", "use_username");

interface World {
  readonly mosquitto: SecureMosquitto;
  connect(username: "anna" | "mallory", options: IClientOptions, url?: string): Promise<MqttClient>;
}

async function withMosquitto(
  edit: (settings: string) => string,
  run: (world: World) => Promise<void>,
): Promise<void> {
  const mosquitto = await startSecureMosquitto(PASSWORDS, edit);
  const ca = await Deno.readTextFile(mosquitto.caPath);
  const clients: MqttClient[] = [];
  try {
    await run({
      mosquitto,
      async connect(username, options, url = mosquitto.url) {
        const client = await connectAsync(url, {
          ...{ ca, username, password: PASSWORDS[username], protocolVersion: 5 },
          ...{ reconnectPeriod: 0, ...options },
        }, false);
        client.on("error", () => {});
        clients.push(client);
        return client;
      },
    });
  } finally {
    for (const client of clients) await client.endAsync(true);
    await mosquitto.stop();
  }
}

/** The bridge while mallory attacks between anna's readings: how often it lost its session. */
async function lossesUnderAttack(
  edit: (settings: string) => string,
  attackFrom: (mosquitto: SecureMosquitto) => string,
): Promise<number> {
  let losses = 0;
  await withLog(({ log, start }) =>
    withMosquitto(edit, async ({ mosquitto, connect }) => {
      const bridge = start(
        ...["--mqtt", mosquitto.bridgeUrl, "--mqtt-ca", mosquitto.caPath, "--client-id", CLIENT_ID],
        ...["--mqtt-username", "bridge", "--mqtt-password", PASSWORDS.bridge],
      );
      await bridge.ready();
      const anna = await connect("anna", {});
      for (let second = 0; second < READINGS; second++) {
        if (second % 10 === 0) {
          const mallory = await connect(
            ...["mallory", { clientId: CLIENT_ID, clean: true }, attackFrom(mosquitto)] as const,
          );
          await mallory.endAsync(true);
        }
        await anna.publishAsync(topicOf(1), reading(1, second), { qos: 1 });
      }
      const count = () => bridge.metric('wattstream_bridge_session_lost_total{how="lost"}');
      await eventually(async () => {
        const isComplete = (await recordsOf(log, POWER_TOPIC)).length === READINGS;
        assert.ok(isComplete || await count() > 0);
      }, DEADLINE);
      losses = await count();
      await bridge.end();
    })
  );
  return losses;
}

Deno.test("use_username_as_clientid keeps the bridge's client id from who knows it", async () => {
  assert.equal(await lossesUnderAttack(withUsernames, ({ url }) => url), 0);
});

Deno.test("a listener of its own alone keeps nobody from the bridge's client id", async () => {
  const losses = await lossesUnderAttack((settings) => settings, ({ url }) => url);
  assert.ok(losses > 0);
});

Deno.test("use_username_as_clientid gives each user one connection", () =>
  withMosquitto(withUsernames, async ({ connect }) => {
    const first = await connect("anna", { clientId: "a" });
    await connect("anna", { clientId: "b" });
    await eventually(() => assert.equal(first.connected, false), DEADLINE);
  }));

Deno.test("clientid_prefixes holds for the bridge's listener too", () =>
  withMosquitto((settings) => `${settings}\nclientid_prefixes meter-\n`, async (world) => {
    const { connect, mosquitto } = world;
    for (const url of [mosquitto.url, mosquitto.bridgeUrl]) {
      await assert.rejects(connect("anna", { clientId: CLIENT_ID }, url), /[Nn]ot authorized/);
      const meter = await connect("anna", { clientId: "meter-of-anyone" }, url);
      assert.ok(meter.connected);
    }
  }));

/**
 * What the broker still has for the bridge when the bridge has ended: a session cannot be looked into,
 * so it is taken over, emptied, and ended. Nobody else would come for it.
 */
import { connect, type IClientOptions, type MqttClient } from "mqtt";
import { messageOf, WattstreamError } from "../../shared/errors.ts";
import { ping } from "../../shared/mqtt/ping.ts";
import { pause } from "../../shared/pause.ts";
import { StallWatch } from "../../shared/service/stall_watch.ts";

/** A broker has nothing more for us that was silent for so long and then answers a ping. */
const QUIET_MS = 1_000;
/** How long a broker may answer nothing at all. */
const SILENT_MS_MAX = 20_000;

/** A session at a broker. */
export interface Session {
  /** Where and as whom, in terms of mqtt.js. */
  readonly mqtt: IClientOptions;
  readonly clientId: string;
  /** What it is subscribed to. */
  readonly filters: readonly string[];
}

/**
 * Takes all messages out of a session, and ends it.
 * @returns their payloads; none where the broker has no such session.
 * @throws WattstreamError `unavailable` where the broker does not answer.
 */
export async function takeLeft(session: Session): Promise<Uint8Array[]> {
  const client = connect({
    ...session.mqtt,
    clientId: session.clientId,
    clean: false,
    reconnectPeriod: 0,
    resubscribe: false,
    ...(session.mqtt.protocolVersion === 5 && { properties: { sessionExpiryInterval: 60 } }),
  });
  const payloads: Uint8Array[] = [];
  const broken = Promise.withResolvers<never>();
  broken.promise.catch(() => {});
  const fail = (reason: string) => {
    const message = `Look at the broker: it does not say what it still has (${reason})`;
    broken.reject(new WattstreamError("unavailable", message));
  };
  const watch = new StallWatch(SILENT_MS_MAX, () => fail("no answer"));
  client.on("packetreceive", () => watch.moved());
  client.on("message", (_topic, payload) => payloads.push(payload));
  client.on("error", (error) => fail(messageOf(error)));
  client.on("close", () => fail("the connection closed"));
  try {
    await Promise.race([emptySession(client, session.filters, payloads), broken.promise]);
    return payloads;
  } finally {
    watch.close();
    await endSession(client, session);
  }
}

/** Resolves once nothing more comes. */
async function emptySession(
  client: MqttClient,
  filters: readonly string[],
  payloads: readonly Uint8Array[],
): Promise<void> {
  const isThere = await new Promise<boolean>((resolve) =>
    client.once("connect", ({ sessionPresent }) => resolve(sessionPresent))
  );
  if (!isThere) return;
  // Others may publish for ever.
  await client.unsubscribeAsync([...filters]);
  for (let count = -1; count < payloads.length;) {
    count = payloads.length;
    await pause(QUIET_MS);
    await ping(client);
  }
}

async function endSession(client: MqttClient, { mqtt, clientId }: Session): Promise<void> {
  const isConnected = client.connected;
  const properties = mqtt.protocolVersion === 5 ? { sessionExpiryInterval: 0 } : undefined;
  await client.endAsync(!isConnected, { ...(properties && { properties }) });
  if (!isConnected || properties !== undefined) return;
  // MQTT 3.1.1 ends a session by a clean one.
  const clean = connect({ ...mqtt, clientId, clean: true, reconnectPeriod: 0 });
  await new Promise<void>((resolve) => {
    clean.once("connect", () => resolve());
    clean.once("close", () => resolve());
    clean.once("error", () => resolve());
  });
  await clean.endAsync(!clean.connected);
}

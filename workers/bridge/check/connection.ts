/**
 * A connection for `--check`: under a client id of its own, given up after a while, and counting what
 * comes without mqtt.js, so that it can leave messages unacknowledged.
 */
import type { IClientOptions, MqttClient } from "mqtt";
import { WattstreamError } from "../../../shared/errors.ts";
import { BACKOFF_OF_ONE, openMqtt } from "../../../shared/mqtt/connect.ts";
import { sendHeldAcks } from "../held_ack.ts";
import { divertPublications, type Publication } from "../publish_stream.ts";

const CONNECT_MS_MAX = 15_000;
const PAYLOAD_BYTES_MAX = 256;
/** Of a broker that does not say it. */
const RECEIVE_MAXIMUM = 65_535;

export interface CheckBroker {
  /** Options of mqtt.js that say where and as whom. */
  readonly mqtt: IClientOptions;
  readonly random: () => number;
}

export interface CheckConnection {
  readonly client: MqttClient;
  readonly isSessionPresent: boolean;
  /** Publications of QoS 1 that the broker takes ahead of their acknowledgement. */
  readonly receiveMaximum: number;
  /** Rejects when the connection ends. @throws WattstreamError `unavailable`. */
  readonly ended: Promise<never>;
  close(): Promise<void>;
}

/**
 * Connects.
 * @param session of mqtt.js: client id, clean or not, properties.
 * @param onMessage takes a message; true acknowledges it.
 * @throws WattstreamError `auth` or `config` where the broker refuses it, `unavailable` without an answer.
 */
export async function connectForCheck(
  { mqtt, random }: CheckBroker,
  session: IClientOptions,
  onMessage: (message: Publication) => boolean = () => true,
): Promise<CheckConnection> {
  const overdue = new AbortController();
  let problem = "no answer";
  const connection = openMqtt({ ...mqtt, ...session, resubscribe: false }, {
    backoff: BACKOFF_OF_ONE,
    signal: overdue.signal,
    random,
    onProblem: (reason) => problem = reason,
    onStream: (stream) =>
      divertPublications(stream, {
        isV5: mqtt.protocolVersion === 5,
        payloadBytesMax: PAYLOAD_BYTES_MAX,
        onPublish: (message) => {
          const { messageId } = message;
          if (onMessage(message) && messageId !== undefined) sendHeldAcks([{ stream, messageId }]);
          return undefined;
        },
      }),
  });
  let isSessionPresent = false;
  let receiveMaximum = RECEIVE_MAXIMUM;
  const ended = Promise.withResolvers<never>();
  // Whoever waits for something else as well hears of it.
  ended.promise.catch(() => {});
  connection.client.on("connect", (packet) => {
    isSessionPresent = packet.sessionPresent;
    receiveMaximum = packet.properties?.receiveMaximum ?? RECEIVE_MAXIMUM;
    connection.client.once("close", () => {
      ended.reject(new WattstreamError("unavailable", "The broker has ended our connection"));
    });
    // One that breaks is a finding, and does not come back.
    connection.client.options.reconnectPeriod = 0;
  });
  const timer = setTimeout(() => {
    overdue.abort(
      new WattstreamError(
        "unavailable",
        `Start the broker, or change --mqtt: it does not let us in (${problem})`,
      ),
    );
  }, CONNECT_MS_MAX);
  try {
    await connection.connected;
  } finally {
    clearTimeout(timer);
  }
  return {
    client: connection.client,
    isSessionPresent,
    receiveMaximum,
    ended: ended.promise,
    close: () => connection.close(),
  };
}

/**
 * A connection to a broker over mqtt.js that comes back by itself: attempts with exponential backoff
 * and jitter, for as long as it is not closed. What waiting cannot mend (a wrong password, a foreign
 * certificate, a version that the broker does not speak) ends the first attempt with an error.
 * A connection that does not last does not begin the backoff anew: two clients under one client id,
 * each of which ends the other's connection, would do nothing else.
 *
 *   openMqtt ─▶ connecting ─▶ connected ◀─▶ connecting (backoff) … ─▶ close
 *                    └─ refused for good, before it was ever connected ─▶ `connected` rejects
 */
import { once } from "node:events";
import { isIP } from "node:net";
import { connect, type IClientOptions, type MqttClient } from "mqtt";
import { messageOf, WattstreamError } from "../errors.ts";
import { StallWatch } from "../service/stall_watch.ts";
import { gatherWrites } from "./gathered_writes.ts";

/** How long to wait after a failed attempt: at first about `minMs`, then doubled up to `maxMs`. */
export interface Backoff {
  readonly minMs: number;
  readonly maxMs: number;
}

/** Of one client alone, which has to be back as soon as the other side is. */
export const BACKOFF_OF_ONE: Backoff = { minMs: 25, maxMs: 1000 };
/** Of one client among thousands, which would keep a broker that starts from its work. */
export const BACKOFF_OF_MANY: Backoff = { minMs: 250, maxMs: 10_000 };

/** So long a host may take to accept a connection, before the handshakes of TLS and MQTT. */
const ACCEPT_MS_MAX = 2000;

/** Reason codes of MQTT 3.1.1 and 5 that say who we are is refused. */
const AUTH_CODES: readonly number[] = [2, 4, 5, 133, 134, 135, 138, 140];
const VERSION_CODES: readonly number[] = [1, 132];

export interface MqttConnection {
  /** Handlers attached right after `openMqtt` miss no message. */
  readonly client: MqttClient;
  /**
   * Settles once: when first connected, or when the first connection cannot come about.
   * @throws WattstreamError `auth` or `config` for a refusal that a person must mend; the signal's
   * reason when that aborts first.
   */
  readonly connected: Promise<void>;
  /**
   * Ends the connection. Safe twice; the first call counts. Waits for acknowledgements that are
   * still to come, unless the connection is down or `force` is set, which also leaves out the
   * DISCONNECT packet.
   */
  close(options?: { readonly force?: boolean }): Promise<void>;
}

/**
 * Opens a connection.
 * @param options of mqtt.js; `mqttOptions()` gives those of the flags.
 * @param parts.backoff between attempts; the first one after a lost connection comes about at once.
 * @param parts.signal gives up the wait for the first connection; later it has no effect.
 * @param parts.random a number in [0, 1) for the jitter.
 * @param parts.onProblem hears why an attempt failed or a connection broke; may come often.
 * @param parts.onStream gets the stream of each attempt before anything is read from it.
 */
export function openMqtt(
  options: IClientOptions,
  parts: {
    readonly backoff: Backoff;
    readonly signal: AbortSignal;
    readonly random: () => number;
    readonly onProblem: (reason: string) => void;
    readonly onStream?: (stream: MqttClient["stream"]) => void;
  },
): MqttConnection {
  let attempts = 0;
  // mqtt.js reads the period whenever it begins to wait: this is the wait after the next failure.
  const pauseMs = () => backoffMs(attempts++, parts.random(), parts.backoff);
  const nextBackoff = () => {
    client.options.reconnectPeriod = pauseMs();
  };
  const client = connect({
    ...options,
    reconnectPeriod: pauseMs(),
    reconnectOnConnackError: true,
    manualConnect: true,
    // A ping a minute costs less than to put it off with each acknowledgement.
    reschedulePings: false,
    // Otherwise formatted for each packet, for a listener that is never there.
    log: () => {},
  });
  // Private to mqtt.js, whose exact version is pinned: there is no other way to its streams.
  const builder = client as unknown as { streamBuilder(own: MqttClient): MqttClient["stream"] };
  const buildStream = builder.streamBuilder;
  builder.streamBuilder = (own) => {
    const stream = buildStream(own);
    gatherWrites(stream);
    giveUpWithoutAnswer(stream, options.host);
    parts.onStream?.(stream);
    return stream;
  };
  // It would connect again after its end.
  client.options.manualConnect = false;
  client.connect();
  client.on("reconnect", nextBackoff);
  let lasting: ReturnType<typeof setTimeout> | undefined;
  client.on("connect", () => {
    lasting = setTimeout(() => {
      attempts = 0;
      nextBackoff();
    }, parts.backoff.maxMs);
  });
  client.on("close", () => clearTimeout(lasting));
  let closing: Promise<void> | undefined;
  const close = ({ force = false } = {}) => closing ??= endClient(client, force);
  const report = (reason: string) => {
    if (closing === undefined) parts.onProblem(reason);
  };
  // An attempt that fails says why, and then that it has closed.
  let isReported = false;
  client.on("error", (error) => {
    isReported = true;
    report(messageOf(error));
  });
  client.on("close", () => {
    if (!isReported) report("the connection closed");
    isReported = false;
  });
  return { client, connected: firstConnection(client, parts.signal, close), close };
}

/**
 * Milliseconds to wait after failure number `attempt` (from 0): doubled each time up to the bound,
 * and of that a half to all, so that clients that failed together do not come back together.
 */
export function backoffMs(attempt: number, random: number, { minMs, maxMs }: Backoff): number {
  const base = Math.min(maxMs, minMs * 2 ** Math.min(attempt, 20));
  return Math.round(base * (0.5 + random / 2));
}

/**
 * Ends an attempt whose host does not even take the connection, as one that is gone does: the system
 * itself would go on asking it for minutes, later and later, and not notice that it is back.
 */
function giveUpWithoutAnswer(stream: MqttClient["stream"], host: string | undefined): void {
  const socket = stream as { readonly connecting?: boolean };
  if (socket.connecting !== true) return;
  let watch: StallWatch | undefined;
  const begin = () => {
    watch ??= new StallWatch(ACCEPT_MS_MAX, () => {
      // mqtt.js passes errors on that have a code which it knows.
      const error = Object.assign(new Error(`${host} does not answer`), { code: "ETIMEDOUT" });
      if (socket.connecting) stream.destroy(error);
    });
  };
  const end = () => watch?.close();
  // Looking up a name may take longer.
  if (isIP(host ?? "") !== 0) begin();
  else stream.once("lookup", begin);
  stream.once("connect", end);
  stream.once("close", end);
}

async function endClient(client: MqttClient, force: boolean): Promise<void> {
  // A client that is not connected has nobody to take leave of, and would wait for ever.
  await client.endAsync(force || !client.connected);
  if (!client.stream.closed) await once(client.stream, "close");
}

async function firstConnection(
  client: MqttClient,
  signal: AbortSignal,
  close: () => Promise<void>,
): Promise<void> {
  const settled = Promise.withResolvers<void>();
  const onConnect = () => settled.resolve();
  const onError = (error: Error) => {
    const refusal = permanentRefusal(error);
    if (refusal !== undefined) settled.reject(refusal);
  };
  const onAbort = () => settled.reject(signal.reason);
  client.once("connect", onConnect);
  client.on("error", onError);
  signal.addEventListener("abort", onAbort);
  if (signal.aborted) onAbort();
  try {
    await settled.promise;
  } catch (error) {
    await close();
    throw error;
  } finally {
    client.off("connect", onConnect);
    client.off("error", onError);
    signal.removeEventListener("abort", onAbort);
  }
}

/** Whether a client's error says that the broker refuses who it is. */
export function isAuthRefusal(error: Error): boolean {
  return AUTH_CODES.some((code) => code === codeOf(error));
}

function codeOf(error: Error): unknown {
  return (error as { readonly code?: unknown }).code;
}

/** What a person must mend, or undefined where trying again may help. */
function permanentRefusal(error: Error): WattstreamError | undefined {
  const code = codeOf(error);
  if (isAuthRefusal(error)) {
    return new WattstreamError(
      "auth",
      `Change --mqtt-username and the password: the broker refuses them (${error.message})`,
      { cause: error },
    );
  }
  if (typeof code === "number" && VERSION_CODES.includes(code)) {
    return new WattstreamError(
      "config",
      `Change --mqtt-version: the broker does not speak it (${error.message})`,
      { cause: error },
    );
  }
  if (/certificate|self.signed/i.test(error.message)) {
    return new WattstreamError(
      "auth",
      `Change --mqtt-ca, or the certificates: the TLS handshake failed (${error.message})`,
      { cause: error },
    );
  }
  return undefined;
}

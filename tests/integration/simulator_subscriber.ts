/** What a simulator publishes, as a subscriber of a real broker gets it. */
import assert from "node:assert/strict";
import type { IClientOptions } from "mqtt";
import {
  type DeviceState,
  deviceStateSchema,
  householdSchema,
  type Reading,
  readingSchema,
} from "../../shared/events.ts";
import { eventually, PATIENCE_MS } from "../../shared/eventually.ts";
import { BACKOFF_OF_ONE, openMqtt } from "../../shared/mqtt/connect.ts";
import { type Mosquitto, startMosquitto } from "../../shared/services/mosquitto.ts";
import type { WorkerProcess } from "../../shared/services/worker_process.ts";

/** Generous: the machine may be busy. */
export const DEADLINE = { deadlineMs: PATIENCE_MS, intervalMs: 50 };

export interface Received {
  readonly topic: string;
  readonly event: Reading | DeviceState;
}

/** Writes down what a broker has, each message once, in the order in which it first came. */
export class Subscriber {
  readonly received: Received[] = [];
  /** Of the devices of each household that has named them. */
  readonly names = new Map<string, readonly string[]>();
  readonly #seen = new Set<string>();
  readonly #connection: ReturnType<typeof openMqtt>;

  private constructor(options: IClientOptions) {
    this.#connection = openMqtt(
      // A session of its own, which waits for it while the broker is away.
      { ...options, clientId: "subscriber", clean: false },
      {
        backoff: BACKOFF_OF_ONE,
        signal: new AbortController().signal,
        random: () => 0,
        onProblem: () => {},
      },
    );
    this.#connection.client.on("message", (topic, payload) => {
      const text = `${topic} ${payload}`;
      if (this.#seen.has(text)) return;
      this.#seen.add(text);
      const json: unknown = JSON.parse(`${payload}`);
      if (topic.endsWith("household")) {
        const { client_id, devices } = householdSchema.parse(json);
        this.names.set(client_id, devices.map(({ name }) => name));
        return;
      }
      const schema = topic.endsWith("power") ? readingSchema : deviceStateSchema;
      this.received.push({ topic, event: schema.parse(json) });
    });
  }

  static async start(url: string, options: IClientOptions = {}): Promise<Subscriber> {
    const { hostname, port, protocol } = new URL(url);
    const subscriber = new Subscriber({
      protocol: protocol === "mqtts:" ? "mqtts" : "mqtt",
      host: hostname,
      port: Number(port),
      protocolVersion: 5,
      properties: { sessionExpiryInterval: 3600 },
      ...options,
    });
    await subscriber.#connection.connected;
    await subscriber.#connection.client.subscribeAsync("#", { qos: 1 });
    return subscriber;
  }

  async untilReceived(count: number): Promise<void> {
    await eventually(() => assert.ok(this.received.length >= count, `${this.received.length}`), {
      ...DEADLINE,
    });
  }

  of(client_id: string): Received[] {
    return this.received.filter(({ event }) => event.client_id === client_id);
  }

  close(): Promise<void> {
    return this.#connection.close();
  }
}

export function finishedOf(simulator: WorkerProcess) {
  const line = simulator.lines.find(({ message }) => message === "finished");
  assert.ok(line !== undefined, "it has logged that it finished");
  return { readings: line.readings, states: line.states, households: line.households };
}

export async function withMosquitto(run: (mosquitto: Mosquitto) => Promise<void>): Promise<void> {
  const mosquitto = await startMosquitto();
  try {
    await run(mosquitto);
  } finally {
    await mosquitto.stop();
  }
}

export async function endOf(simulator: WorkerProcess): Promise<void> {
  try {
    await simulator.kill();
  } catch (error) {
    if (!(error instanceof TypeError)) throw error; // It has ended already.
    await simulator.exit();
  }
}

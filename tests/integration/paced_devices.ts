/** Devices of many households that publish at QoS 1 once a second each, and remember what was acknowledged. */
import assert from "node:assert/strict";
import { setTimeout as delay } from "node:timers/promises";
import { connectAsync, type MqttClient } from "mqtt";
import type { Reading } from "../../shared/events.ts";
import type { Log } from "../../shared/log/log.ts";
import { POWER_TOPIC } from "../../shared/topics.ts";

const CONNECTIONS = 10;
const PERIOD_MS = 1000;

export interface Arrived {
  readonly acknowledged: number;
  readonly lost: number;
  /** When the first and the last of the lost were published, s since the devices began. */
  readonly lostBetweenS: readonly number[];
  /** Households of which a reading came before an older one, repetitions apart. */
  readonly disordered: number;
  readonly repetitions: number;
}

export class PacedDevices {
  readonly #clients: MqttClient[];
  /** Acknowledged publications of each household. */
  readonly #acknowledged: number[];
  /** When each was published, ms. */
  readonly #publishedMs: number[][];
  #startMs = 0;
  #allowance = Infinity;
  #published = 0;
  #isStopping = false;
  #publishing: Promise<unknown> = Promise.resolve();

  static async connect(url: string, households: number): Promise<PacedDevices> {
    const clients = Array.from({ length: CONNECTIONS }, () => {
      return connectAsync(url, { protocolVersion: 5 });
    });
    return new PacedDevices(await Promise.all(clients), households);
  }

  constructor(clients: MqttClient[], households: number) {
    this.#clients = clients;
    this.#acknowledged = new Array(households).fill(0);
    this.#publishedMs = this.#acknowledged.map(() => []);
  }

  get acknowledged(): number {
    return this.#acknowledged.reduce((sum, count) => sum + count, 0);
  }

  /** Since they began, s. */
  get elapsedS(): number {
    return (performance.now() - this.#startMs) / 1000;
  }

  start(): void {
    this.#startMs = performance.now();
    this.#publishing = Promise.all(this.#acknowledged.map((_, household) => this.#run(household)));
  }

  /** From now on so many acknowledgements, those under way included, until another is set. */
  allow(publications: number): void {
    this.#allowance = this.acknowledged + publications;
  }

  async stop(): Promise<void> {
    this.#isStopping = true;
    await this.#publishing;
    await Promise.all(this.#clients.map((client) => client.endAsync()));
  }

  /** What has become of everything that was acknowledged. */
  async judge(log: Log): Promise<Arrived> {
    const seen = this.#acknowledged.map(() => new Set<number>());
    let records = 0;
    for await (const { value } of log.read({ topic: POWER_TOPIC })) {
      const { client_id, consumption }: Reading = JSON.parse(new TextDecoder().decode(value!));
      seen[Number(client_id.slice("flat-".length))]!.add(consumption);
      records++;
    }
    const lostS: number[] = [];
    let [disordered, distinct] = [0, 0];
    for (const [household, acknowledged] of this.#acknowledged.entries()) {
      const theirs = [...seen[household]!];
      distinct += theirs.length;
      for (let index = 0; index < acknowledged; index++) {
        if (seen[household]!.has(index)) continue;
        lostS.push((this.#publishedMs[household]![index]! - this.#startMs) / 1000);
      }
      if (theirs.some((index, place) => place > 0 && index < theirs[place - 1]!)) disordered++;
    }
    assert.ok(distinct <= this.#published);
    return {
      acknowledged: this.acknowledged,
      lost: lostS.length,
      lostBetweenS: lostS.length === 0 ? [] : [Math.min(...lostS), Math.max(...lostS)],
      disordered,
      repetitions: records - distinct,
    };
  }

  async #run(household: number): Promise<void> {
    const client = this.#clients[household % this.#clients.length]!;
    // Spread over the second, as devices are.
    await delay(household * PERIOD_MS / this.#acknowledged.length);
    for (let dueMs = performance.now(); !this.#isStopping; dueMs += PERIOD_MS) {
      await delay(Math.max(0, dueMs - performance.now()));
      if (this.#published >= this.#allowance) {
        dueMs = performance.now();
        continue;
      }
      const reading: Reading = {
        client_id: `flat-${household}`,
        username: "anna",
        timestamp: Math.floor(Date.now() / 1000),
        consumption: this.#acknowledged[household]!,
      };
      this.#published++;
      this.#publishedMs[household]!.push(performance.now());
      const topic = `energy/anna/flat-${household}/power`;
      await client.publishAsync(topic, JSON.stringify(reading), { qos: 1 });
      this.#acknowledged[household]!++;
    }
  }
}

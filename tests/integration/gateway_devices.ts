/**
 * Twelve families of meters and six of plugs that publish as their own firmware does, with the lies
 * that they tell, and what was true all along.
 */
import { setTimeout as delay } from "node:timers/promises";
import { connectAsync, type MqttClient } from "mqtt";

/** A message: its topic, its payload, and whether the broker stores it. */
type Publication = readonly [topic: string, payload: unknown, retain?: boolean];

/** How a meter publishes this many watts at this time. */
interface Meter {
  readonly source: object;
  /** Its messages have a time, so that none is lost while the gateway is away. */
  readonly isTimed: boolean;
  /** @param clockMs what its clock says, where that is a lie of its own. */
  publish(watts: number, nowMs: number, clockMs: number): readonly Publication[];
  /** Messages of the same topics that are no readings. */
  readonly noise?: (nowMs: number) => readonly Publication[];
}

const iso = (ms: number) => new Date(ms).toISOString().slice(0, 19);
const seconds = (ms: number) => ms / 1000;
const rpc = (topic: string, params: object): Publication => [
  `${topic}/events/rpc`,
  { src: topic, dst: `${topic}/events`, method: "NotifyStatus", params },
];

export const METERS: Readonly<Record<string, Meter>> = {
  "tasmota": {
    source: { preset: "tasmota", topic: "m1" },
    isTimed: true,
    // Local time, an hour off, and a counter that begins again and again.
    publish: (watts, _nowMs, clockMs) => [["tele/m1/SENSOR", {
      Time: iso(clockMs + 3_600_000),
      ENERGY: { Total: watts % 5, Power: [watts - 10.5, 10, 0.5] },
    }]],
    noise: (nowMs) => [
      ["tele/m1/SENSOR", { Time: iso(nowMs + 3_600_000), ENERGY: { Total: null, Power: null } }],
      ["tele/m1/SENSOR", { Time: iso(nowMs), AM2301: { Temperature: 21.5 } }],
    ],
  },
  "sml": {
    source: { preset: "sml", topic: "m2", entity: "MT175", field: "P" },
    isTimed: true,
    // Five and a half hours off.
    publish: (watts, _nowMs, clockMs) => [
      ["tele/m2/SENSOR", { Time: iso(clockMs + 19_800_000), MT175: { E_in: 6144.1, P: watts } }],
    ],
    noise: (nowMs) => [["tele/m2/SENSOR", { Time: iso(nowMs + 19_800_000), MT175: {} }]],
  },
  "shelly-3em": {
    source: { preset: "shelly-3em", topic: "m3", within: "900ms" },
    isTimed: false,
    publish: (watts) => [
      ["shellies/m3/emeter/0/power", String(watts - 0.25)],
      ["shellies/m3/emeter/1/power", "-100"],
      ["shellies/m3/emeter/2/power", "100.25"],
    ],
    // Phases of which the third does not come, before the next ones.
    noise: () => [
      ["shellies/m3/emeter/0/power", "5000"],
      ["shellies/m3/emeter/1/power", "nan"],
      ["shellies/m3/emeter/1/power", "-100"],
      ["shellies/m3/online", "true"],
    ],
  },
  "shelly-plug": {
    source: { preset: "shelly-plug", topic: "m4" },
    isTimed: true,
    publish: (watts, nowMs) => [
      rpc("m4", { ts: seconds(nowMs), "switch:0": { id: 0, apower: watts } }),
    ],
    noise: (nowMs) => [rpc("m4", { ts: seconds(nowMs), sys: { available_updates: {} } })],
  },
  "shelly-pro-3em": {
    source: { preset: "shelly-pro-3em", topic: "m5" },
    isTimed: true,
    publish: (watts, nowMs) => [
      rpc("m5", { ts: seconds(nowMs), "em:0": { id: 0, total_act_power: watts } }),
    ],
    noise: (nowMs) => [
      rpc("m5", { ts: seconds(nowMs), "em:0": { id: 0, total_act_power: null } }),
      ["m5/online", "true", true],
    ],
  },
  "esphome": {
    source: { preset: "esphome", topic: "m6", entity: "grid" },
    isTimed: false,
    publish: (watts) => [["m6/sensor/grid/state", watts.toFixed(2), true]],
    noise: () => [["m6/sensor/grid/state", "nan", true]],
  },
  "zigbee2mqtt": {
    source: { preset: "zigbee2mqtt", topic: "m7" },
    isTimed: true,
    publish: (watts, nowMs) => [
      ["zigbee2mqtt/m7", { power: watts, state: "ON", linkquality: 90, last_seen: nowMs }],
    ],
    // It has no power, and its last value is repeated.
    noise: (nowMs) => [["zigbee2mqtt/m7", { power: 9999, state: "ON", last_seen: nowMs - 90_000 }]],
  },
  "home-assistant": {
    source: { preset: "home-assistant", topic: "m8" },
    isTimed: false,
    publish: (watts) => [["homeassistant/sensor/m8/state", String(watts), true]],
    noise: () => [
      ["homeassistant/sensor/m8/state", "unavailable", true],
      ["homeassistant/sensor/m8/state", "unknown", true],
    ],
  },
  "dsmr-reader": {
    source: { preset: "dsmr-reader", topic: "dsmr/m9" },
    isTimed: true,
    publish: (watts, nowMs) => [["dsmr/m9", {
      timestamp: `${iso(nowMs)}Z`,
      electricity_currently_delivered: (watts / 1000 + 0.001).toFixed(4),
      electricity_currently_returned: "0.001",
    }]],
  },
  "ams": {
    source: { preset: "ams", topic: "m10" },
    isTimed: true,
    publish: (watts, nowMs) => [
      ["m10", { id: "ams", t: Math.floor(seconds(nowMs)), data: { P: watts + 7, PO: 7 } }],
    ],
    noise: (nowMs) => [["m10", { id: "ams", t: Math.floor(seconds(nowMs)), data: { tPI: 1 } }]],
  },
  "glow": {
    source: { preset: "glow", topic: "m11" },
    isTimed: true,
    publish: (watts, nowMs) => [["glow/m11/SENSOR/electricitymeter", {
      electricitymeter: {
        timestamp: `${iso(nowMs)}Z`,
        power: { value: watts / 1000, units: "kW" },
      },
    }]],
  },
  "ttn": {
    source: { preset: "ttn", topic: "app@ttn", entity: "m12" },
    isTimed: true,
    publish: (watts, nowMs) => [["v3/app@ttn/devices/m12/up", {
      received_at: `${iso(nowMs)}.123456789Z`,
      uplink_message: { decoded_payload: { power: watts } },
    }]],
    noise: (nowMs) => [["v3/app@ttn/devices/m12/up", {
      received_at: `${iso(nowMs)}.123456789Z`,
      uplink_message: { decoded_payload: {} },
    }]],
  },
};

interface Plug {
  readonly source: (topic: string) => object;
  publish(topic: string, isOn: boolean, nowMs: number): Publication;
  offline(topic: string): Publication;
}

/** Each of the households has one of these. */
const PLUGS: readonly Plug[] = [
  {
    source: (topic) => ({ preset: "tasmota", topic }),
    publish: (topic, isOn, nowMs) => [
      `tele/${topic}/SENSOR`,
      { Time: iso(nowMs), ENERGY: { Power: isOn ? 60 : 0 } },
    ],
    offline: (topic) => [`tele/${topic}/LWT`, "Offline", true],
  },
  {
    source: (topic) => ({ preset: "shelly-gen1", topic }),
    publish: (topic, isOn) => [`shellies/${topic}/relay/0/power`, isOn ? "60.4" : "0.00"],
    offline: (topic) => [`shellies/${topic}/online`, "false", true],
  },
  {
    source: (topic) => ({ preset: "esphome-switch", topic, entity: "relay" }),
    publish: (topic, isOn) => [`${topic}/switch/relay/state`, isOn ? "ON" : "OFF", true],
    offline: (topic) => [`${topic}/status`, "offline", true],
  },
  {
    source: (topic) => ({ preset: "shelly-plug", topic }),
    publish: (topic, isOn) => [
      `${topic}/status/switch:0`,
      { id: 0, output: true, apower: isOn ? 60 : 0.4 },
    ],
    offline: (topic) => [`${topic}/online`, "false", true],
  },
  {
    source: (topic) => ({ topic, on: "state", online: "state", "max-age": "20s" }),
    publish: (topic, isOn) => [topic, { state: isOn ? "on" : "off" }],
    offline: (topic) => [topic, { state: "offline" }],
  },
  {
    source: (topic) => ({ preset: "zigbee2mqtt", topic }),
    publish: (topic, isOn, nowMs) => [
      `zigbee2mqtt/${topic}`,
      { power: isOn ? 60 : 0, state: "ON", last_seen: nowMs },
    ],
    offline: (topic) => [`zigbee2mqtt/${topic}/availability`, { state: "offline" }, true],
  },
];

/** What was true when a meter published. */
export interface Truth {
  readonly watts: number;
  readonly isOn: boolean;
  readonly sentMs: number;
  /** Whether its message said when; whoever is away then misses it otherwise. */
  readonly isTimed: boolean;
}

/**
 * In so many rounds a clock that is not set is at 1970, and its meter silent until it is; in another one
 * a clock that is off by a zone is not.
 */
const [UNSET_ROUNDS, SILENT_UNTIL, CLOCK_ROUNDS, JUMP_ROUND] = [4, 7, 60, 6];

/** Rounds between two lies, and from one state of a plug to the next. */
const [NOISE_ROUNDS, PLUG_ROUNDS, OFFLINE_ROUNDS] = [4, 9, 13];

export class Devices {
  /** By family. */
  readonly truths = new Map<string, Truth[]>(Object.keys(METERS).map((name) => [name, []]));
  readonly #client: MqttClient;
  readonly #hasSteadyClocks: boolean;
  #round = 0;

  /** @param hasSteadyClocks their clocks are off by one and the same all the time. */
  static async connect(url: string, hasSteadyClocks: boolean = false): Promise<Devices> {
    return new Devices(await connectAsync(url, { protocolVersion: 5 }), hasSteadyClocks);
  }

  private constructor(client: MqttClient, hasSteadyClocks: boolean) {
    this.#client = client;
    this.#hasSteadyClocks = hasSteadyClocks;
  }

  /** The file of the gateway: a household a family, named as it, of the user `anna`. */
  static households(): string {
    return JSON.stringify({
      households: Object.entries(METERS).map(([name, { source }], index) => ({
        user: "anna",
        client_id: name,
        power: source,
        devices: [{ name: "plug", ...PLUGS[index % PLUGS.length]!.source(`p${index}`) }],
      })),
    });
  }

  /** Publishes a round a second, each with other watts. */
  async play(rounds: number): Promise<void> {
    const end = this.#round + rounds;
    for (; this.#round < end; this.#round++) {
      // Early in a second, so that a clock of whole seconds says the same as the other ones.
      const nowMs = Date.now();
      await Promise.all(
        Object.keys(METERS).map((name, index) => this.#publish(name, index, nowMs)),
      );
      await delay(Math.max(0, 1050 - (Date.now() - nowMs)));
    }
  }

  async close(): Promise<void> {
    await this.#client.endAsync();
  }

  async #publish(name: string, index: number, nowMs: number): Promise<void> {
    const round = this.#round + index;
    const isOn = Math.floor(round / PLUG_ROUNDS) % 2 === 0;
    const plug = PLUGS[index % PLUGS.length]!;
    await this.#send(plug.publish(`p${index}`, isOn, nowMs));
    const meter = METERS[name]!;
    if (round % NOISE_ROUNDS === 0) {
      for (const noise of meter.noise?.(nowMs) ?? []) await this.#send(noise);
    }
    const watts = 100 + index * 1000 + this.#round * 0.5;
    const clockMs = this.#clockMs(name, nowMs);
    if (clockMs !== undefined) {
      const isTimed = meter.isTimed && clockMs === nowMs;
      this.truths.get(name)!.push({ watts, isOn, sentMs: nowMs, isTimed });
      for (const message of meter.publish(watts, nowMs, clockMs)) await this.#send(message);
    }
    if (round % OFFLINE_ROUNDS === 0) await this.#send(plug.offline(`p${index}`));
  }

  /** What the clock of a meter says besides its zone; undefined while it is silent. */
  #clockMs(name: string, nowMs: number): number | undefined {
    if (this.#hasSteadyClocks) return nowMs;
    const round = this.#round % CLOCK_ROUNDS;
    if (name === "tasmota" && round < UNSET_ROUNDS) return round * 1000;
    if (name === "tasmota" && round < SILENT_UNTIL) return undefined;
    return name === "sml" && this.#round === JUMP_ROUND ? nowMs - 19_800_000 : nowMs;
  }

  async #send([topic, payload, retain = false]: Publication): Promise<void> {
    const text = typeof payload === "string" ? payload : JSON.stringify(payload);
    await this.#client.publishAsync(topic, text, { qos: 1, retain });
  }
}

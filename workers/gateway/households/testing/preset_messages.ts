/** Messages as devices publish them, by preset, and what is to be read from them. */
import { NOW_MS } from "../../testing/one_household.ts";

export interface Case {
  readonly preset: string;
  readonly more?: object;
  readonly topic: string;
  readonly messages: readonly (readonly [topic: string, payload: unknown])[];
  /** Its readings, W; of a switch: whether it is on after each message. */
  readonly expected: readonly (number | boolean | undefined)[];
}

const at = (offsetS = 0) => new Date(NOW_MS + offsetS * 1000).toISOString().slice(0, 19);
const NOW_S = Math.floor(NOW_MS / 1000);

export const METERS: readonly Case[] = [
  {
    preset: "tasmota",
    topic: "meter",
    messages: [[
      "tele/meter/SENSOR",
      {
        Time: at(),
        ENERGY: {
          TotalStartTime: "2021-01-01T00:00:00",
          ...{
            Total: 12.345,
            Yesterday: 1.2,
            Today: 0.3,
            Period: 0,
            Power: 231,
            ApparentPower: 240,
          },
          ...{ ReactivePower: 60, Factor: 0.96, Voltage: 229, Current: 1.05 },
        },
      },
    ]],
    expected: [231],
  },
  {
    preset: "tasmota",
    topic: "three",
    messages: [
      ["tele/three/SENSOR", { Time: at(), ENERGY: { Power: [100, 20.5, -3], Voltage: [1, 2, 3] } }],
      ["tele/three/SENSOR", { Time: at(), AM2301: { Temperature: 22.1 } }],
      ["stat/three/STATUS8", { StatusSNS: { Time: at(2), ENERGY: { Power: 7 } } }],
    ],
    expected: [117.5, 7],
  },
  {
    preset: "sml",
    more: { entity: "MT175", field: "P" },
    topic: "lesekopf",
    messages: [[
      "tele/lesekopf/SENSOR",
      { Time: at(), MT175: { E_in: 6144.123, P: -412, L1: 100, Server_ID: "0a01" } },
    ]],
    expected: [-412],
  },
  {
    preset: "shelly-gen1",
    topic: "shellyplug-s-7A1B",
    messages: [
      ["shellies/shellyplug-s-7A1B/relay/0/power", "41.37"],
      ["shellies/shellyplug-s-7A1B/relay/0", "on"],
    ],
    expected: [41.37],
  },
  {
    preset: "shelly-em",
    more: { channel: 1 },
    topic: "shellyem-B9E3",
    messages: [
      ["shellies/shellyem-B9E3/emeter/1/power", "-820.54"],
      ["shellies/shellyem-B9E3/emeter/0/power", "5"],
    ],
    expected: [-820.54],
  },
  {
    preset: "shelly-3em",
    topic: "shellyem3-C4",
    messages: [
      ["shellies/shellyem3-C4/emeter/0/power", "100.25"],
      ["shellies/shellyem3-C4/emeter/1/power", "0.00"],
      ["shellies/shellyem3-C4/emeter/2/power", "-10.25"],
    ],
    expected: [90],
  },
  {
    preset: "shelly-plug",
    topic: "shellyplusplugs-fc",
    messages: [
      ["shellyplusplugs-fc/status/switch:0", {
        ...{ id: 0, source: "button", output: true, apower: 60.4, voltage: 230.1, current: 0.28 },
        aenergy: { total: 5.5, by_minute: [1, 2, 3], minute_ts: NOW_S },
      }],
      ["shellyplusplugs-fc/events/rpc", {
        ...{ src: "shellyplusplugs-fc", dst: "shellyplusplugs-fc/events", method: "NotifyStatus" },
        params: { ts: NOW_S + 1.2, "switch:0": { id: 0, apower: 61.4 } },
      }],
      ["shellyplusplugs-fc/events/rpc", {
        ...{ src: "shellyplusplugs-fc", method: "NotifyStatus" },
        params: { ts: NOW_S, sys: { available_updates: {} } },
      }],
    ],
    expected: [60.4, 61.4],
  },
  {
    preset: "shelly-pm1",
    topic: "pm",
    messages: [["pm/status/pm1:0", { id: 0, voltage: 230, current: 1, apower: 222.2, freq: 50 }]],
    expected: [222.2],
  },
  {
    preset: "shelly-pro-em",
    topic: "proem",
    messages: [[
      "proem/status/em1:0",
      { id: 0, current: 2.598, voltage: 234.9, act_power: 501.8, aprt_power: 612.4, pf: 0.84 },
    ]],
    expected: [501.8],
  },
  {
    preset: "shelly-pro-3em",
    topic: "shellypro3em-a",
    messages: [
      ["shellypro3em-a/status/em:0", {
        ...{ id: 0, a_current: 1, a_act_power: 951.2, b_act_power: -951.1, c_act_power: 3 },
        ...{ n_current: null, total_current: 11.1, total_act_power: 2484.782 },
      }],
      ["shellypro3em-a/events/rpc", {
        ...{ src: "shellypro3em-a", method: "NotifyStatus" },
        params: { ts: NOW_S + 1, "em:0": { id: 0, total_act_power: 2500 } },
      }],
      // Once a minute, on the same topic.
      ["shellypro3em-a/events/rpc", {
        method: "NotifyEvent",
        params: { ts: NOW_S, events: [{ component: "emdata:0", event: "data", data: {} }] },
      }],
    ],
    expected: [2484.782, 2500],
  },
  {
    preset: "esphome",
    more: { entity: "grid_power" },
    topic: "p1-reader",
    messages: [
      ["p1-reader/sensor/grid_power/state", "1234.50"],
      ["p1-reader/sensor/grid_power/state", "nan"],
    ],
    expected: [1234.5],
  },
  {
    preset: "zigbee2mqtt",
    topic: "washer",
    messages: [
      ["zigbee2mqtt/washer", {
        ...{ current: 1.2, energy: 3.4, linkquality: 120, power: 276, state: "ON", voltage: 230 },
        last_seen: `${at()}Z`,
      }],
      ["zigbee2mqtt/washer", { power: 276, state: "ON", last_seen: NOW_MS - 60_000 }],
      ["zigbee2mqtt/washer", { power: null, state: "ON", last_seen: NOW_MS }],
      ["zigbee2mqtt/washer", { power: 5, last_seen: null }],
    ],
    expected: [276, 5],
  },
  {
    preset: "home-assistant",
    topic: "grid_power",
    messages: [
      ["homeassistant/sensor/grid_power/state", "312.4"],
      ["homeassistant/sensor/grid_power/state", "unavailable"],
      ["homeassistant/sensor/grid_power/state", "unknown"],
    ],
    expected: [312.4],
  },
  {
    preset: "dsmr-reader",
    topic: "dsmr/json",
    messages: [["dsmr/json", {
      ...{ id: 1, timestamp: `${at()}Z`, electricity_delivered_1: "500.001" },
      ...{ electricity_currently_delivered: "0.000", electricity_currently_returned: "1.001" },
      phase_currently_delivered_l1: null,
    }]],
    expected: [-1001],
  },
  {
    preset: "dsmr-reader-topics",
    topic: "dsmr/reading",
    messages: [
      ["dsmr/reading/electricity_currently_delivered", "0.345"],
      ["dsmr/reading/electricity_currently_returned", "0.000"],
    ],
    expected: [345],
  },
  {
    preset: "ams",
    topic: "amsleser",
    messages: [
      ["amsleser", {
        ...{ id: "ams-1234", name: "", up: 100, t: NOW_S, vcc: 3.28, rssi: -61, temp: 24.1 },
        data: { lv: "AIDON_V0001", id: "735999", type: "6525", P: 1500, Q: 0, PO: 0, QO: 20 },
      }],
      ["amsleser", { id: "ams-1234", t: NOW_S + 1, data: { P: 0, PO: 250 } }],
      ["amsleser", { id: "ams-1234", t: NOW_S + 2, data: { P: 777 } }],
      // Every hour: the counters.
      ["amsleser", { id: "ams-1234", t: NOW_S, data: { tPI: 5000.12, tPO: 0, rtc: NOW_S } }],
    ],
    expected: [1500, -250, 777],
  },
  {
    preset: "emon",
    topic: "emonpi",
    messages: [["emon/emonpi/power1", "458"]],
    expected: [458],
  },
  {
    preset: "iotawatt",
    more: { field: "mains" },
    topic: "iotawatt/now",
    messages: [
      ["iotawatt/now", {
        ...{ range: [NOW_S - 10, NOW_S], labels: ["Time", "solar", "mains"] },
        data: [[at(-10), -20, 331.5], [at(-5), -21, 333]],
      }],
      ["iotawatt/now", { labels: ["Time", "solar", "mains"], data: [[at(-4), -21, null]] }],
      ["iotawatt/now", { labels: ["mains"], data: [[335]] }],
      ["iotawatt/now", { error: "invalid query. Invalid series: maims" }],
    ],
    expected: [333, 335],
  },
  {
    preset: "glow",
    topic: "8CAB123",
    messages: [["glow/8CAB123/SENSOR/electricitymeter", {
      electricitymeter: {
        timestamp: `${at()}Z`,
        energy: { export: { cumulative: 0, units: "kWh" }, import: { cumulative: 4595.563 } },
        power: { value: 0.623, units: "kW" },
      },
    }]],
    expected: [623],
  },
  {
    preset: "victron",
    more: { channel: 30 },
    topic: "b827eb",
    messages: [
      ["N/b827eb/grid/30/Ac/Power", { value: -926 }],
      ["N/b827eb/grid/30/Ac/Power", { value: null }],
    ],
    expected: [-926],
  },
  {
    preset: "chirpstack",
    more: { entity: "a840418", field: "active_power" },
    topic: "6f0b",
    messages: [["application/6f0b/device/a840418/event/up", {
      ...{ deduplicationId: "x", time: `${at()}.012345+00:00`, fPort: 2, data: "AQ==" },
      deviceInfo: { devEui: "a840418" },
      object: { active_power: 812 },
    }]],
    expected: [812],
  },
  {
    preset: "ttn",
    more: { entity: "meter-1" },
    topic: "my-app@ttn",
    messages: [["v3/my-app@ttn/devices/meter-1/up", {
      end_device_ids: { device_id: "meter-1" },
      received_at: `${at()}.123456789Z`,
      uplink_message: { f_port: 1, decoded_payload: { power: 99.5 } },
    }]],
    expected: [99.5],
  },
  {
    preset: "rtl-433",
    more: { entity: "CurrentCost-TX", channel: "3063", field: "power0_W" },
    topic: "pi",
    messages: [
      [
        "rtl_433/pi/events",
        { time: "2026-09-21 14:13:20", model: "CurrentCost-TX", id: 3063, power0_W: 642 },
      ],
      ["rtl_433/pi/events", { model: "CurrentCost-TX", id: 3064, power0_W: 1 }],
      ["rtl_433/pi/events", { model: "Acurite-Tower", id: 3063, temperature_C: 20 }],
    ],
    expected: [642],
  },
];

export const SWITCHES: readonly Case[] = [
  {
    preset: "tasmota-switch",
    topic: "lamp",
    messages: [
      ["stat/lamp/POWER", "ON"],
      ["tele/lamp/STATE", { Time: at(), Uptime: "0T01:00:00", POWER: "OFF", Wifi: { AP: 1 } }],
      ["tele/lamp/STATE", { Time: at(), Uptime: "0T01:05:00", Wifi: { AP: 1 } }],
      ["tele/lamp/LWT", "Offline"],
    ],
    expected: [true, false, undefined, false],
  },
  {
    preset: "esphome-switch",
    more: { entity: "heater" },
    topic: "cellar",
    messages: [["cellar/switch/heater/state", "ON"], ["cellar/status", "offline"]],
    expected: [true, false],
  },
  {
    preset: "home-assistant-switch",
    topic: "pump",
    messages: [
      ["homeassistant/switch/pump/state", "on"],
      ["homeassistant/switch/pump/state", "unavailable"],
    ],
    expected: [true, undefined],
  },
];

/**
 * Presets: how devices publish, as data. Each message has a topic, in which `{topic}` and the like stand
 * for what the file says, and JSONata expressions for what is to be read from its payload, with the same
 * names as variables. An expression that gives nothing says nothing.
 */

/** How much the time in a message is worth: see `reading_time.ts`. */
export type Clock = "device" | "server" | "none";

export type PowerUnit = "W" | "kW";

export interface PresetMessage {
  readonly topic: string;
  readonly watts?: string;
  readonly on?: string;
  readonly online?: string;
  readonly time?: string;
  /** Of the phases that are to be added; a message without is all of the power. */
  readonly part?: number;
  /** -1 for what is to be subtracted. */
  readonly sign?: 1 | -1;
}

export interface Preset {
  readonly summary: string;
  readonly messages: readonly PresetMessage[];
  readonly unit?: PowerUnit;
  readonly clock?: Clock;
  /** What the file may say beside the topic, and what stands where it does not; undefined: it has to. */
  readonly parameters?: Readonly<Partial<Record<Parameter, string | undefined>>>;
  /** It publishes at every change of its state, not only from time to time. */
  readonly saysChanges?: boolean;
}

export const PARAMETERS = ["channel", "entity", "field", "base"] as const;
export type Parameter = typeof PARAMETERS[number];

const SHELLY_ONLINE = { topic: "{topic}/online", online: "$" };

/** A component of a Shelly of the second generation: its status, and the notification of the same. */
function shellyComponent(component: string, { watts, on }: { watts: string; on?: string }): Preset {
  const key = `"${component}:" & $channel`;
  return {
    summary: `Shelly Gen2 and later, component ${component}`,
    messages: [
      { topic: `{topic}/status/${component}:{channel}`, watts, ...(on && { on }) },
      {
        topic: "{topic}/events/rpc",
        watts: `$lookup(params, ${key}).${watts}`,
        ...(on && { on: `$lookup(params, ${key}).${on}` }),
        time: "params.ts",
      },
      SHELLY_ONLINE,
    ],
    clock: "device",
    parameters: { channel: "0" },
  };
}

/** What a device of Sparkplug B says at its birth, then, and of its death or that of its node. */
function sparkplugDevice(key: "watts" | "on"): PresetMessage[] {
  const read = { [key]: "$lookup(metrics, $field)", time: "timestamp" };
  return [
    { topic: "spBv1.0/{base}/DBIRTH/{entity}/{topic}", ...read, online: "true" },
    { topic: "spBv1.0/{base}/DDATA/{entity}/{topic}", ...read },
    { topic: "spBv1.0/{base}/DDEATH/{entity}/{topic}", online: "false" },
    { topic: "spBv1.0/{base}/NDEATH/{entity}", online: "false" },
  ];
}

export const PRESETS: Readonly<Record<string, Preset>> = {
  "tasmota": {
    summary: "Tasmota with a meter, one or more phases",
    messages: [
      { topic: "tele/{topic}/SENSOR", watts: "$sum(ENERGY.Power)", time: "Time" },
      {
        topic: "stat/{topic}/STATUS8",
        watts: "$sum(StatusSNS.ENERGY.Power)",
        time: "StatusSNS.Time",
      },
      { topic: "tele/{topic}/STATE", on: "POWER" },
      { topic: "stat/{topic}/POWER", on: "$" },
      { topic: "tele/{topic}/LWT", online: "$" },
    ],
    clock: "device",
  },
  "tasmota-switch": {
    summary: "Tasmota without a meter; field POWER1, POWER2 … where it has several",
    messages: [
      { topic: "tele/{topic}/STATE", on: "$lookup($, $field)" },
      { topic: "stat/{topic}/{field}", on: "$" },
      { topic: "tele/{topic}/LWT", online: "$" },
    ],
    parameters: { field: "POWER" },
    saysChanges: true,
  },
  "sml": {
    summary: "a reading head with a Tasmota script (SML, Hichi); entity and field as in the script",
    messages: [
      { topic: "tele/{topic}/SENSOR", watts: "$lookup($lookup($, $entity), $field)", time: "Time" },
      { topic: "tele/{topic}/LWT", online: "$" },
    ],
    clock: "device",
    parameters: { entity: undefined, field: "Power_curr" },
  },
  "shelly-gen1": {
    summary: "Shelly Gen1: Plug, 1PM, 2.5",
    messages: [
      { topic: "shellies/{topic}/relay/{channel}/power", watts: "$" },
      { topic: "shellies/{topic}/relay/{channel}", on: "$" },
      { topic: "shellies/{topic}/online", online: "$" },
    ],
    parameters: { channel: "0" },
  },
  "shelly-em": {
    summary: "Shelly EM (Gen1), one channel",
    messages: [
      { topic: "shellies/{topic}/emeter/{channel}/power", watts: "$" },
      { topic: "shellies/{topic}/online", online: "$" },
    ],
    parameters: { channel: "0" },
  },
  "shelly-3em": {
    summary: "Shelly 3EM (Gen1): its three phases are added",
    messages: [
      { topic: "shellies/{topic}/emeter/0/power", watts: "$", part: 0 },
      { topic: "shellies/{topic}/emeter/1/power", watts: "$", part: 1 },
      { topic: "shellies/{topic}/emeter/2/power", watts: "$", part: 2 },
      { topic: "shellies/{topic}/online", online: "$" },
    ],
  },
  "shelly-plug": shellyComponent("switch", { watts: "apower", on: "output" }),
  "shelly-pm1": shellyComponent("pm1", { watts: "apower" }),
  "shelly-pro-em": shellyComponent("em1", { watts: "act_power" }),
  "shelly-pro-3em": shellyComponent("em", { watts: "total_act_power" }),
  "esphome": {
    summary: "ESPHome, a sensor in W",
    messages: [
      { topic: "{topic}/sensor/{entity}/state", watts: "$" },
      { topic: "{topic}/status", online: "$" },
    ],
    parameters: { entity: "power" },
  },
  "esphome-switch": {
    summary: "ESPHome, a switch",
    messages: [
      { topic: "{topic}/switch/{entity}/state", on: "$" },
      { topic: "{topic}/status", online: "$" },
    ],
    parameters: { entity: undefined },
    saysChanges: true,
  },
  "zigbee2mqtt": {
    summary: "a plug at Zigbee2MQTT; last_seen where it publishes that",
    messages: [
      { topic: "{base}/{topic}", watts: "power", on: "state", time: "last_seen" },
      { topic: "{base}/{topic}/availability", online: "$type($) = 'object' ? state : $" },
    ],
    clock: "server",
    parameters: { base: "zigbee2mqtt" },
  },
  "home-assistant": {
    summary: "Home Assistant's mqtt_statestream, a sensor in W (or unit: kW)",
    messages: [{ topic: "{base}/sensor/{topic}/state", watts: "$" }],
    parameters: { base: "homeassistant" },
  },
  "home-assistant-switch": {
    summary: "Home Assistant's mqtt_statestream, a switch",
    messages: [{ topic: "{base}/switch/{topic}/state", on: "$" }],
    parameters: { base: "homeassistant" },
    saysChanges: true,
  },
  "dsmr-reader": {
    summary: "DSMR-reader, telegrams as JSON; delivered less returned",
    messages: [{
      topic: "{topic}",
      watts: "$number(electricity_currently_delivered) - $number(electricity_currently_returned)",
      time: "timestamp",
    }],
    unit: "kW",
    clock: "server",
  },
  "dsmr-reader-topics": {
    summary: "DSMR-reader, a topic a value; delivered less returned",
    messages: [
      { topic: "{topic}/electricity_currently_delivered", watts: "$", part: 0 },
      { topic: "{topic}/electricity_currently_returned", watts: "$", part: 1, sign: -1 },
    ],
    unit: "kW",
  },
  "dsmr-parser": {
    summary: "telegrams as dsmr-parser gives them as JSON; used less delivered",
    messages: [{
      topic: "{topic}",
      watts: "$exists(CURRENT_ELECTRICITY_DELIVERY.value) ? CURRENT_ELECTRICITY_USAGE.value - " +
        "CURRENT_ELECTRICITY_DELIVERY.value : CURRENT_ELECTRICITY_USAGE.value",
      time: "P1_MESSAGE_TIMESTAMP.value",
    }],
    unit: "kW",
    clock: "device",
  },
  "ams": {
    summary: "AMS/HAN reader (amsleser, AmsToMqttBridge), JSON; import less export",
    messages: [{
      topic: "{topic}",
      watts: "$exists(data.PO) ? data.P - data.PO : data.P",
      time: "t",
    }],
    clock: "device",
  },
  "emon": {
    summary: "emonTx and emonPi by emonHub",
    messages: [{ topic: "emon/{topic}/{entity}", watts: "$" }],
    parameters: { entity: "power1" },
  },
  "iotawatt": {
    summary:
      "answers of IoTaWatt's query API with their header, the newest row; field is the series",
    messages: [{
      topic: "{topic}",
      watts: "($row := data[-1]; labels#$place[$ = $field].($row[$place]))",
      time: '($row := data[-1]; labels#$place[$ = "Time"].($row[$place]))',
    }],
    clock: "device",
    parameters: { field: undefined },
  },
  "glow": {
    summary: "Glow display or CAD (UK), local MQTT",
    messages: [{
      topic: "glow/{topic}/SENSOR/electricitymeter",
      watts: "electricitymeter.power.value",
      time: "electricitymeter.timestamp",
    }],
    unit: "kW",
    clock: "device",
  },
  "victron": {
    summary: "Victron Venus OS, a grid meter; channel is its device instance",
    messages: [{ topic: "N/{topic}/grid/{channel}/Ac/Power", watts: "value" }],
    parameters: { channel: undefined },
  },
  "chirpstack": {
    summary:
      "ChirpStack 4; topic is the application, entity the DevEUI, field one of the decoder's",
    messages: [{
      topic: "application/{topic}/device/{entity}/event/up",
      watts: "$lookup(object, $field)",
      time: "time",
    }],
    clock: "server",
    parameters: { entity: undefined, field: "power" },
  },
  "ttn": {
    summary: "The Things Stack; topic is app@tenant, entity the device, field one of the decoder's",
    messages: [{
      topic: "v3/{topic}/devices/{entity}/up",
      watts: "$lookup(uplink_message.decoded_payload, $field)",
      time: "received_at",
    }],
    clock: "server",
    parameters: { entity: undefined, field: "power" },
  },
  "sparkplug": {
    summary: "Sparkplug B; base is the group, entity the edge node, field the metric in W",
    messages: sparkplugDevice("watts"),
    clock: "device",
    parameters: { base: undefined, entity: undefined, field: "power" },
  },
  "sparkplug-switch": {
    summary: "Sparkplug B, a metric that is true while the device is on",
    messages: sparkplugDevice("on"),
    clock: "device",
    parameters: { base: undefined, entity: undefined, field: undefined },
    saysChanges: true,
  },
  "rtl-433": {
    summary: "rtl_433; topic is the host, entity the model, channel the id, field such as power_W",
    messages: [{
      topic: "rtl_433/{topic}/events",
      watts: "$[model = $entity and $string(id) = $channel] ~> $lookup($field)",
    }],
    parameters: { entity: undefined, channel: undefined, field: "power_W" },
  },
};

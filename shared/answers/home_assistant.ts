/**
 * How households are announced to Home Assistant: MQTT discovery, one device a household, retained
 * messages below `homeassistant/`. Fields and templates as its documentation of MQTT discovery,
 * `sensor.mqtt` and `binary_sensor.mqtt` has them. Pure.
 */
import type { HouseholdIdentity } from "../events.ts";
import { answerTopic, DISCOVERY_PREFIX, hasTopics } from "../mqtt/topics.ts";
import { discoveryNode } from "./discovery.ts";
import type { Publication } from "./publication.ts";

/** Without a second for so long, Home Assistant no longer shows the last one as if it were new, s. */
const EXPIRE_AFTER_S = 300;

/** What there is of a household to announce. */
export interface Announced {
  /** Of its devices, in order. */
  readonly names: readonly string[];
  /** Most devices that it ever had: what was announced of the others is to be taken back. */
  readonly deviceCountMax: number;
  /** Whether there is one; undefined where nobody knows: then nothing is said of it. */
  readonly hasSecond: boolean | undefined;
  readonly hasModel: boolean | undefined;
}

/** Of a household of which there is nothing (any more). */
export const NOTHING_ANNOUNCED: Announced = {
  ...{ names: [], deviceCountMax: 0, hasSecond: false, hasModel: false },
};

type Component = "sensor" | "binary_sensor";

interface Entity {
  readonly component: Component;
  /** Unlike that of any other entity of the household, of letters, digits and _. */
  readonly id: string;
  /** Undefined where the entity is gone. */
  readonly settings: Readonly<Record<string, unknown>> | undefined;
}

const POWER = {
  device_class: "power",
  state_class: "measurement",
  unit_of_measurement: "W",
  suggested_display_precision: 0,
  expire_after: EXPIRE_AFTER_S,
};
const ENERGY = {
  device_class: "energy",
  state_class: "total_increasing",
  unit_of_measurement: "kWh",
  suggested_display_precision: 2,
};

/** The announcements of a household, and of what it no longer has the end. */
export function announcementsOf(
  identity: HouseholdIdentity,
  announced: Announced,
): Publication[] {
  if (!hasTopics(identity)) return [];
  const node = discoveryNode(identity);
  const device = {
    identifiers: [node],
    name: identity.client_id,
    manufacturer: "Wattstream",
    model: `household of ${identity.username}`,
  };
  return entitiesOf(identity, announced).map(({ component, id, settings }) => ({
    kind: "discovery",
    topic: `${DISCOVERY_PREFIX}/${component}/${node}/${id}/config`,
    payload: settings === undefined ? "" : JSON.stringify({
      ...settings,
      unique_id: `${node}_${id}`,
      object_id: `${identity.client_id} ${settings.name}`,
      device,
      origin: { name: "Wattstream" },
    }),
  }));
}

function entitiesOf(identity: HouseholdIdentity, announced: Announced): Entity[] {
  const { names, deviceCountMax } = announced;
  const devices = Array.from(
    { length: Math.max(deviceCountMax, names.length) },
    (_, device) => deviceEntities(identity, device, names[device]),
  );
  return [...householdEntities(identity, announced), ...devices.flat()];
}

function householdEntities(
  identity: HouseholdIdentity,
  { hasSecond, hasModel }: Announced,
): Entity[] {
  const seconds = { state_topic: answerTopic(identity, "disaggregated") };
  const model = answerTopic(identity, "model");
  const total = {
    ...{ ...seconds, ...POWER, name: "total" },
    value_template: "{{ value_json.consumption }}",
  };
  const unexplained = {
    ...{ ...seconds, ...POWER, name: "unexplained" },
    value_template: "{{ value_json.unexplained }}",
  };
  const known = {
    name: "model",
    icon: "mdi:school",
    state_topic: model,
    value_template: "{{ value_json.known }} of {{ value_json.devices | count }} known",
    json_attributes_topic: model,
  };
  const entity = (id: string, settings: Entity["settings"], isThere: boolean | undefined) =>
    isThere === undefined
      ? []
      : [{ component: "sensor" as const, id, settings: isThere ? settings : undefined }];
  return [
    ...entity("total", total, hasSecond),
    ...entity("unexplained", unexplained, hasSecond),
    ...entity("model", known, hasModel),
  ];
}

/** @param name undefined where the household no longer has the device. */
function deviceEntities(
  identity: HouseholdIdentity,
  device: number,
  name: string | undefined,
): Entity[] {
  const topic = answerTopic(identity, "disaggregated");
  const of = (field: string) => `value_json.devices[${device}].${field}`;
  const told = {
    state_topic: topic,
    expire_after: EXPIRE_AFTER_S,
    availability_topic: topic,
    availability_template: `{{ 'online' if ${of("on")} is boolean else 'offline' }}`,
  };
  const power = {
    ...{ ...told, ...POWER, name: `${name} power` },
    value_template: `{{ ${of("watts")} }}`,
  };
  const energy = {
    ...{ ...ENERGY, name: `${name} energy`, state_topic: topic },
    value_template: `{{ ${of("energy")} }}`,
  };
  const on = {
    ...{ ...told, name, device_class: "running" },
    value_template: `{{ 'ON' if ${of("on")} else 'OFF' }}`,
  };
  const isThere = name !== undefined;
  const id = `device_${device + 1}`;
  return [
    { component: "sensor", id: `${id}_power`, settings: isThere ? power : undefined },
    { component: "sensor", id: `${id}_energy`, settings: isThere ? energy : undefined },
    { component: "binary_sensor", id: `${id}_on`, settings: isThere ? on : undefined },
  ];
}

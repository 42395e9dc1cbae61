/**
 * What a household is told over MQTT, as a function of what is remembered of it. Pure.
 *
 *   energy/<username>/<client_id>/disaggregated   its newest second, device by device
 *   energy/<username>/<client_id>/model           what its model knows, and how well
 */
import type { HouseholdIdentity } from "../../shared/events.ts";
import { announcementsOf } from "../../shared/answers/home_assistant.ts";
import type { Publication } from "../../shared/answers/publication.ts";
import { answerTopic, hasTopics } from "../../shared/mqtt/topics.ts";
import { deviceCountOf, type HouseholdMemory } from "./household_memory.ts";

/** From this probability on a device is said to be on. */
const ON_PROBABILITY_MIN = 0.5;
const WATT_SECONDS_PER_KWH = 3_600_000;

/** The names of a household's devices, in order; by number where it has not said any. */
export function deviceNamesOf(memory: HouseholdMemory): string[] {
  return Array.from(
    { length: deviceCountOf(memory) },
    (_, device) => memory.names?.[device] ?? `device ${device + 1}`,
  );
}

/** All that is said of a household; nothing where it can have no topic. */
export function publicationsOf(
  identity: HouseholdIdentity,
  memory: HouseholdMemory,
  { homeAssistant }: { readonly homeAssistant: boolean },
): Publication[] {
  if (!hasTopics(identity)) return [];
  const announced = {
    names: deviceNamesOf(memory),
    deviceCountMax: memory.deviceCountMax,
    hasSecond: memory.second !== undefined,
    hasModel: memory.model !== undefined,
  };
  return [
    secondOf(identity, memory),
    modelOf(identity, memory),
    ...(homeAssistant ? announcementsOf(identity, announced) : []),
  ];
}

/** The newest second. Energy is counted in kWh since the household was first seen. */
export function secondOf(identity: HouseholdIdentity, memory: HouseholdMemory): Publication {
  const kind = "disaggregated";
  const topic = answerTopic(identity, kind);
  const { second, energyWs } = memory;
  if (second === undefined) return { kind, topic, payload: "" };
  const { timestamp, consumption, unexplained, model_version } = second;
  const names = deviceNamesOf(memory);
  const devices = names.map((name, device) => {
    const probability = second.on[device] ?? null;
    return {
      name,
      on: probability === null ? null : probability >= ON_PROBABILITY_MIN,
      probability,
      watts: second.watts[device] ?? null,
      energy: (energyWs[device] ?? 0) / WATT_SECONDS_PER_KWH,
    };
  });
  const groups = second.groups?.map(({ devices: members, on, watts }) => ({
    ...{ devices: namesAt(names, members), on, watts },
  }));
  const payload = JSON.stringify({
    ...{ timestamp, consumption, unexplained, devices },
    ...(groups !== undefined && { groups }),
    model_version,
  });
  return { kind, topic, payload };
}

/** What the model knows. */
export function modelOf(identity: HouseholdIdentity, memory: HouseholdMemory): Publication {
  const kind = "model";
  const topic = answerTopic(identity, kind);
  const { model } = memory;
  if (model === undefined) return { kind, topic, payload: "" };
  const { version, trained_until, labelled_seconds, score } = model;
  const names = deviceNamesOf(memory);
  const devices = names.map((name, device) => {
    const known = model.devices[device];
    if (known === undefined) return { name, status: "learning", watts: 0 };
    const { status, watts, confusable_with: others } = known;
    return {
      ...{ name, status, watts },
      ...(others !== undefined && { confusable_with: namesAt(names, others) }),
    };
  });
  const payload = JSON.stringify({
    ...{ version, trained_until, labelled_seconds },
    known: devices.filter(({ status }) => status === "known").length,
    devices,
    ...(score !== undefined && { score }),
  });
  return { kind, topic, payload };
}

function namesAt(names: readonly string[], devices: readonly number[]): string[] {
  return devices.map((device) => names[device] ?? `device ${device + 1}`);
}

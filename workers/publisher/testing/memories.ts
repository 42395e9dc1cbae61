/** Memories of households, as a task has them. */
import type { HouseholdIdentity } from "../../../shared/events.ts";
import { deviceCountOf, type HouseholdMemory } from "../household_memory.ts";

/** What is remembered of a household at a second: some devices, each of 100 W more than the one before. */
export function memoryAt(timestamp: number, names: readonly string[]): HouseholdMemory {
  const watts = names.map((_, device) => 100 * (device + 1));
  const memory: HouseholdMemory = {
    energyWs: watts.map((each) => each * timestamp),
    deviceCountMax: 0,
    names: [...names],
    second: {
      ...{ timestamp, consumption: 2_000, watts, on: watts.map(() => 0.75) },
      ...{ unexplained: 40, model_version: 3 },
    },
    model: {
      ...{ version: 3, trained_until: 1, labelled_seconds: 600 },
      devices: watts.map((each) => ({ status: "known" as const, watts: each })),
    },
  };
  return { ...memory, deviceCountMax: deviceCountOf(memory) };
}

/** An entry of a task's memory. */
export function entryOf(
  { username, client_id }: HouseholdIdentity,
  memory: HouseholdMemory,
): [name: string, text: string] {
  return [`household/${JSON.stringify([username, client_id])}`, JSON.stringify(memory)];
}

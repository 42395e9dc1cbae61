/**
 * What is remembered of a household as text in the task's memory: all that is published of it, so
 * that what goes out is a function of what is committed.
 *
 *   disaggregated ─▶ newest second, energy ┐
 *   models        ─▶ status and score      ├─▶ memory ─ commit ─▶ publications
 *   household     ─▶ names of devices      ┘
 */
import { z } from "zod";
import {
  deviceStatusSchema,
  type Disaggregated,
  disaggregatedSchema,
  type Household,
  type Model,
  modelSchema,
  shortened,
} from "../../shared/events.ts";

/** Characters of a device's name. What brokers take of a message is bounded, and a household's choice is not. */
const NAME_LENGTH_MAX = 64;
/** Devices that others are confusable with, of all of them together; of more it is not said which. */
const CONFUSABLE_MAX = 500;

const memorySchema = z.object({
  /** Watt-seconds of each device: the sum of its watts over all seconds in the log, in its order. */
  energyWs: z.array(z.number().min(0)),
  /** Most devices that it ever had: what is announced of the others is to be taken back. */
  deviceCountMax: z.int().min(0),
  names: z.array(z.string()).optional(),
  second: disaggregatedSchema.omit({ client_id: true, username: true }).optional(),
  model: modelSchema.pick({
    version: true,
    trained_until: true,
    labelled_seconds: true,
    score: true,
  }).extend({
    devices: z.array(z.object({
      status: deviceStatusSchema,
      watts: z.number(),
      confusable_with: z.array(z.int()).optional(),
    })),
  }).optional(),
});

export type HouseholdMemory = Readonly<z.infer<typeof memorySchema>>;

export const NOTHING_KNOWN: HouseholdMemory = { energyWs: [], deviceCountMax: 0 };

/** Whether a text is what this worker remembers of a household. */
export function isHouseholdMemory(text: string): boolean {
  try {
    return memorySchema.safeParse(JSON.parse(text)).success;
  } catch (error) {
    if (error instanceof SyntaxError) return false;
    throw error;
  }
}

/** What a text says that was found to be one of ours when it was loaded. */
export function decodeMemory(text: string): HouseholdMemory {
  return JSON.parse(text);
}

/** How many devices a household has: what it says itself, or what its model knows. */
export function deviceCountOf({ names, model, second }: HouseholdMemory): number {
  return names?.length ?? model?.devices.length ?? second?.on.length ?? 0;
}

/** After a second: its watts are counted. */
export function withSecond(memory: HouseholdMemory, states: Disaggregated): HouseholdMemory {
  const { client_id: _, username: __, ...second } = states;
  const energyWs = [...memory.energyWs];
  for (const [device, watts] of states.watts.entries()) {
    energyWs[device] = (energyWs[device] ?? 0) + (watts ?? 0);
  }
  return counted({ ...memory, energyWs, second });
}

/** After a model. */
export function withModel(memory: HouseholdMemory, model: Model): HouseholdMemory {
  const { version, trained_until, labelled_seconds, score } = model;
  const confusable = model.devices.flatMap(({ confusable_with }) => confusable_with ?? []);
  const isTold = confusable.length <= CONFUSABLE_MAX;
  const devices = model.devices.map(({ status, watts, confusable_with }) => ({
    ...{ status, watts },
    ...(isTold && confusable_with !== undefined && { confusable_with }),
  }));
  return counted({
    ...memory,
    model: {
      ...{ version, trained_until, labelled_seconds, devices },
      ...(score !== undefined && { score }),
    },
  });
}

/** After the household has said what its devices are. */
export function withNames(memory: HouseholdMemory, { devices }: Household): HouseholdMemory {
  const names = devices.map(({ name }) => shortened(name, NAME_LENGTH_MAX));
  return counted({ ...memory, names });
}

/** After its names are erased. */
export function withoutNames({ names: _, ...memory }: HouseholdMemory): HouseholdMemory {
  return memory;
}

/** After its model is erased, and so the household: nothing is known but what to take back. */
export function erased({ deviceCountMax }: HouseholdMemory): HouseholdMemory {
  return { ...NOTHING_KNOWN, deviceCountMax };
}

function counted(memory: HouseholdMemory): HouseholdMemory {
  return { ...memory, deviceCountMax: Math.max(memory.deviceCountMax, deviceCountOf(memory)) };
}

/** Which records of the log are a household's, and what they say of it. */
import {
  decodeEvent,
  deviceStateSchema,
  disaggregatedSchema,
  type HouseholdIdentity,
  householdSchema,
  modelSchema,
  predictionWindowSchema,
  readingSchema,
  trainingDatasetSchema,
} from "../../../shared/events.ts";
import type { z } from "zod";
import type { LogRecord } from "../../../shared/log/log.ts";
import {
  DATASET_TOPIC,
  DEVICE_STATE_TOPIC,
  DISAGGREGATED_TOPIC,
  HOUSEHOLD_TOPIC,
  householdKey,
  MODELS_TOPIC,
  POWER_TOPIC,
  PREDICTIONS_TOPIC,
} from "../../../shared/topics.ts";
import type { HouseholdState } from "./household_state.ts";

interface Kind {
  readonly schema: z.ZodType<HouseholdIdentity>;
  readonly take: (state: HouseholdState, event: never, offset: number) => void;
  /** Offsets from the end of its partition back that are read for who begins to watch. */
  readonly readBack: number;
}

const MANY = 20_000;

/** By topic. */
export const HOUSEHOLD_TOPICS: Readonly<Record<string, Kind>> = {
  [POWER_TOPIC]: {
    schema: readingSchema,
    take: (state, event) => state.takeReading(event),
    readBack: MANY,
  },
  [DEVICE_STATE_TOPIC]: {
    schema: deviceStateSchema,
    take: (state, event) => state.takeState(event),
    readBack: MANY,
  },
  [DISAGGREGATED_TOPIC]: {
    schema: disaggregatedSchema,
    take: (state, event) => state.takeDisaggregated(event),
    readBack: MANY,
  },
  [PREDICTIONS_TOPIC]: {
    schema: predictionWindowSchema,
    take: (state, event) => state.takeWindow(event),
    readBack: 1000,
  },
  [DATASET_TOPIC]: {
    schema: trainingDatasetSchema,
    take: (state, event) => state.takeDataset(event),
    readBack: MANY,
  },
  [MODELS_TOPIC]: {
    schema: modelSchema,
    take: (state, event) => state.takeModel(event),
    readBack: MANY,
  },
  [HOUSEHOLD_TOPIC]: {
    schema: householdSchema,
    take: (state, event, offset) => state.takeDevices(event, offset),
    readBack: MANY,
  },
};

const encoder = new TextEncoder();

/** Whether a record may be a household's, by its key: two topics have the user in it as well. */
export function keysOf(household: HouseholdIdentity): (record: LogRecord) => boolean {
  const keys = [household.client_id, householdKey(household)].map((key) => encoder.encode(key));
  // Asked of every record of a partition: bytes are compared as they are.
  return ({ key }) =>
    key !== null &&
    keys.some((own) =>
      own.length === key.length && own.every((byte, index) => byte === key[index])
    );
}

/** The event of a record, where it is one of this household. */
export function ownEvent(
  { username, client_id }: HouseholdIdentity,
  { topic, value }: LogRecord,
): HouseholdIdentity | undefined {
  // A tick has no value, nor has the tombstone of a household that was erased.
  if (value === null) return undefined;
  const decoded = decodeEvent(HOUSEHOLD_TOPICS[topic]!.schema, value);
  if (!decoded.ok) return undefined;
  const { event } = decoded;
  return event.username === username && event.client_id === client_id ? event : undefined;
}

/** Has a household take in a record; one that is not its own, or no event, changes nothing. */
export function takeRecord(
  state: HouseholdState,
  household: HouseholdIdentity,
  record: LogRecord,
): void {
  const event = ownEvent(household, record);
  if (event !== undefined) {
    HOUSEHOLD_TOPICS[record.topic]!.take(state, event as never, record.offset);
  }
}

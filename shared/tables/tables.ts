/** The tables that datasets come out as: a topic's events as rows, their columns and units. Pure. */
import type { z } from "zod";
import {
  type Disaggregated,
  disaggregatedSchema,
  type HouseholdIdentity,
  type PredictionWindow,
  predictionWindowSchema,
  type Reading,
  readingSchema,
  type TrainingDataset,
  trainingDatasetSchema,
} from "../events.ts";

export const TABLE_NAMES = ["dataset2train", "predictions", "power", "disaggregated"] as const;
export type TableName = typeof TABLE_NAMES[number];

export interface Column {
  readonly name: string;
  readonly type: "text" | "integer" | "number" | "boolean" | "integers" | "numbers";
  /** Undefined where it has none. */
  readonly unit?: string;
  readonly description: string;
  /** Whether there may be nothing. */
  readonly isOptional?: boolean;
}

/** A column for each device: `on_kettle` for the prefix `on`. */
export interface DeviceColumn extends Pick<Column, "type" | "unit"> {
  readonly prefix: string;
  readonly description: string;
}

export type Cell = string | number | boolean | null | readonly number[];

/** A row, and the event time `[startS, endS)` that it is about. */
export interface Row {
  readonly startS: number;
  readonly endS: number;
  readonly cells: readonly Cell[];
  /** For each of the table's columns of devices the values of all devices, in the order of the bitmap. */
  readonly devices?: readonly (readonly Cell[])[];
}

export interface Table<T extends HouseholdIdentity = HouseholdIdentity> {
  readonly schema: z.ZodType<T>;
  /** Those of the devices follow them. */
  readonly columns: readonly Column[];
  readonly deviceColumns: readonly DeviceColumn[];
  rowsOf(event: T): Row[];
}

const SECONDS = "s since 1970-01-01T00:00:00Z";

const identity: readonly Column[] = [
  { name: "username", type: "text", description: "user that the household belongs to" },
  { name: "client_id", type: "text", description: "household, unique for its user" },
];
const timestamp: Column = {
  name: "timestamp",
  type: "integer",
  unit: SECONDS,
  description: "event time of the reading",
};
const consumption: Column = {
  name: "consumption",
  type: "number",
  unit: "W",
  description: "total power of the household; negative while it exports",
};

const power: Table<Reading> = {
  schema: readingSchema,
  columns: [...identity, timestamp, consumption],
  deviceColumns: [],
  rowsOf({ username, client_id, timestamp, consumption }) {
    const cells = [username, client_id, timestamp, consumption];
    return [{ startS: timestamp, endS: timestamp + 1, cells }];
  },
};

const predictions: Table<PredictionWindow> = {
  schema: predictionWindowSchema,
  columns: [
    ...identity,
    { name: "window_start", type: "integer", unit: SECONDS, description: "first second" },
    { name: "window_end", type: "integer", unit: SECONDS, description: "end, exclusive" },
    { ...timestamp, name: "timestamps", type: "integers", description: "of each reading" },
    { ...consumption, type: "numbers", description: "total power at each of the timestamps" },
  ],
  deviceColumns: [],
  rowsOf({ username, client_id, window_start, window_end, timestamps, consumption }) {
    const cells = [username, client_id, window_start, window_end, timestamps, consumption];
    return [{ startS: window_start, endS: window_end, cells }];
  },
};

const datasets: Table<TrainingDataset> = {
  schema: trainingDatasetSchema,
  columns: [
    ...identity,
    {
      name: "session_start",
      type: "integer",
      unit: SECONDS,
      description: "first second of the labelled stretch that the row belongs to",
    },
    timestamp,
    consumption,
  ],
  deviceColumns: [{ prefix: "on", type: "boolean", description: "whether it is on" }],
  rowsOf({ username, client_id, session_start, timestamps, consumption, state_bitmaps }) {
    return timestamps.map((second, index) => ({
      startS: second,
      endS: second + 1,
      cells: [username, client_id, session_start, second, consumption[index]!],
      devices: [state_bitmaps[index]!],
    }));
  },
};

const disaggregated: Table<Disaggregated> = {
  schema: disaggregatedSchema,
  columns: [
    ...identity,
    timestamp,
    consumption,
    { name: "unexplained", type: "number", unit: "W", description: "what no device accounts for" },
    { name: "model_version", type: "integer", description: "of the model that says so" },
  ],
  deviceColumns: [
    { prefix: "on", type: "number", description: "probability that it is on, 0 to 1" },
    { prefix: "watts", type: "number", unit: "W", description: "what it is expected to take" },
  ],
  rowsOf(event) {
    const { username, client_id, timestamp, consumption, unexplained, model_version } = event;
    const cells = [username, client_id, timestamp, consumption, unexplained, model_version];
    return [{
      ...{ startS: timestamp, endS: timestamp + 1, cells },
      devices: [event.on, event.watts],
    }];
  },
};

/** By topic. */
export const TABLES: Readonly<Record<TableName, Table>> = {
  dataset2train: datasets as Table<never>,
  predictions: predictions as Table<never>,
  power: power as Table<never>,
  disaggregated: disaggregated as Table<never>,
} as Readonly<Record<TableName, Table>>;

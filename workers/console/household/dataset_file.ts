/** One dataset of a household, as a file for people and their programs. */
import {
  decodeEvent,
  type HouseholdIdentity,
  householdSchema,
  type TrainingDataset,
  trainingDatasetSchema,
} from "../../../shared/events.ts";
import type { Log } from "../../../shared/log/log.ts";
import { partitionOf } from "../../../shared/log/partition.ts";
import { columnsOf, deviceNames, type GivenNames } from "../../../shared/tables/device_columns.ts";
import { openTableFile } from "../../../shared/tables/table_file.ts";
import { TABLES } from "../../../shared/tables/tables.ts";
import { DATASET_TOPIC, HOUSEHOLD_TOPIC } from "../../../shared/topics.ts";

/** The dataset that begins at this second; undefined where the log has none. */
export async function findDataset(
  log: Log,
  { username, client_id }: HouseholdIdentity,
  startS: number,
): Promise<TrainingDataset | undefined> {
  const [topic] = await log.describe([DATASET_TOPIC]);
  if (topic === undefined) return undefined;
  const partitions = [partitionOf(client_id, topic.partitions.length)];
  for await (const { value } of log.read({ topic: DATASET_TOPIC, partitions })) {
    const decoded = decodeEvent(trainingDatasetSchema, value);
    if (!decoded.ok) continue;
    const { event } = decoded;
    if (event.client_id !== client_id || event.username !== username) continue;
    if (event.session_start === startS) return event;
  }
  return undefined;
}

/** What a household's devices are called, by its newest word. */
export async function findDeviceNames(
  log: Log,
  { username, client_id }: HouseholdIdentity,
): Promise<GivenNames> {
  const [topic] = await log.describe([HOUSEHOLD_TOPIC]);
  if (topic === undefined) return undefined;
  const partitions = [partitionOf(client_id, topic.partitions.length)];
  let names: GivenNames;
  for await (const { value } of log.read({ topic: HOUSEHOLD_TOPIC, partitions })) {
    if (value === null) continue;
    const decoded = decodeEvent(householdSchema, value);
    if (!decoded.ok) continue;
    const { event } = decoded;
    if (event.client_id !== client_id || event.username !== username) continue;
    names = event.devices.map(({ name }) => name);
  }
  return names;
}

/** A dataset as `deno task datasets export` writes it: a row a second, a column a device. */
export function datasetTable(
  dataset: TrainingDataset,
  { format, names }: { readonly format: "csv" | "parquet"; readonly names: GivenNames },
): Uint8Array<ArrayBuffer> {
  const { columns: own, deviceColumns, rowsOf } = TABLES.dataset2train;
  const count = dataset.state_bitmaps[0]?.length ?? 0;
  const columns = [...own, ...columnsOf([deviceNames(count, names)], deviceColumns)];
  const rows = rowsOf(dataset);
  const cells = columns.map((_, index) =>
    rows.map((row) =>
      index < own.length ? row.cells[index]! : row.devices![0]![index - own.length]!
    )
  );
  const parts: Uint8Array<ArrayBuffer>[] = [];
  const facts = { topic: DATASET_TOPIC };
  // The writer uses its own bytes again.
  const file = openTableFile(format, { columns, facts }, (bytes) => parts.push(bytes.slice()));
  file.add(cells);
  file.finish();
  const whole = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

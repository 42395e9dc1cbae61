/** One dataset of a household, as a file for people and their programs. */
import {
  decodeEvent,
  type HouseholdIdentity,
  type TrainingDataset,
  trainingDatasetSchema,
} from "../../../shared/events.ts";
import type { Log } from "../../../shared/log/log.ts";
import { partitionOf } from "../../../shared/log/partition.ts";
import { DATASET_TOPIC } from "../../../shared/topics.ts";

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

/** CSV (RFC 4180): the second, W, and a column of 1 and 0 for each device. */
export function datasetCsv(dataset: TrainingDataset): string {
  const count = dataset.state_bitmaps[0]?.length ?? 0;
  const devices = Array.from({ length: count }, (_, index) => `device_${index + 1}`);
  const rows = dataset.timestamps.map((second, index) => [
    ...[second, dataset.consumption[index]],
    ...dataset.state_bitmaps[index]!.map(Number),
  ]);
  return [["timestamp", "consumption", ...devices], ...rows]
    .map((row) => `${row.join(",")}\r\n`).join("");
}

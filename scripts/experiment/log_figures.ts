/**
 * What the log says of a run beyond the closing report, once it is at rest: how its records spread over
 * the partitions, what two households got, and the share that is labelled as the thesis counts it.
 */
import { decodeEvent, predictionWindowSchema, trainingDatasetSchema } from "../../shared/events.ts";
import type { Log, TopicDescription } from "../../shared/log/log.ts";
import {
  DATASET_TOPIC,
  DEVICE_STATE_TOPIC,
  POWER_TOPIC,
  PREDICTIONS_TOPIC,
} from "../../shared/topics.ts";

const TOPICS = [POWER_TOPIC, DEVICE_STATE_TOPIC, PREDICTIONS_TOPIC, DATASET_TOPIC];

/** What one user got. */
export interface UserCounts {
  readonly username: string;
  windows: number;
  datasets: number;
}

export interface LogFigures {
  /** Offsets given in each partition during the run; on Kafka a transaction takes some itself. */
  readonly partitions: readonly { readonly topic: string; readonly offsets: readonly number[] }[];
  /** In the log, repeated ones included; ticks are left out. */
  readonly readings: number;
  readonly windows: number;
  readonly datasets: number;
  readonly labelled: {
    /** Seconds of power and states, in all datasets. */
    readonly valuesInDatasets: number;
    readonly deviceStates: number;
  };
  readonly users: readonly UserCounts[];
}

/** Reads what came into the log since the topics were as in `before`. */
export async function logFigures(
  log: Pick<Log, "describe" | "read">,
  { before, usernames }: {
    readonly before: readonly TopicDescription[];
    readonly usernames: readonly string[];
  },
): Promise<LogFigures> {
  const startOf = (topic: string) =>
    before.find(({ name }) => name === topic)?.partitions.map(({ endOffset }) => endOffset) ?? [];
  const users = usernames.map((username): UserCounts => ({ username, windows: 0, datasets: 0 }));
  const userOf = new Map(users.map((user) => [user.username, user]));
  const counts = { readings: 0, windows: 0, datasets: 0 };
  let deviceStates = 0;
  for await (const { value } of log.read({ topic: POWER_TOPIC, from: startOf(POWER_TOPIC) })) {
    // A tick has no value.
    if (value !== null) counts.readings++;
  }
  for await (
    const _ of log.read({ topic: DEVICE_STATE_TOPIC, from: startOf(DEVICE_STATE_TOPIC) })
  ) {
    deviceStates++;
  }
  const windows = log.read({ topic: PREDICTIONS_TOPIC, from: startOf(PREDICTIONS_TOPIC) });
  for await (const { key, value } of windows) {
    counts.windows++;
    if (!mayBeOf(usernames, key)) continue;
    const decoded = decodeEvent(predictionWindowSchema, value);
    const user = decoded.ok ? userOf.get(decoded.event.username) : undefined;
    if (user !== undefined) user.windows++;
  }
  let valuesInDatasets = 0;
  const datasets = log.read({ topic: DATASET_TOPIC, from: startOf(DATASET_TOPIC) });
  for await (const { value } of datasets) {
    counts.datasets++;
    const decoded = decodeEvent(trainingDatasetSchema, value);
    if (!decoded.ok) continue;
    valuesInDatasets += decoded.event.timestamps.length;
    const user = userOf.get(decoded.event.username);
    if (user !== undefined) user.datasets++;
  }
  const partitions = (await log.describe(TOPICS)).map(({ name, partitions }) => ({
    topic: name,
    offsets: partitions.map(({ endOffset }, index) => endOffset - (startOf(name)[index] ?? 0)),
  }));
  return { ...counts, partitions, labelled: { valuesInDatasets, deviceStates }, users };
}

/** Most windows are others': a simulated household's key ends its user's number, and is not decoded for nothing. */
function mayBeOf(usernames: readonly string[], key: Uint8Array | null): boolean {
  if (key === null) return false;
  const text = new TextDecoder().decode(key);
  return usernames.some((name) => text.startsWith(`household-${name.slice("user-".length)}-`));
}

/** Two different users of so many, or the one that there is. */
export function drawUsers(count: number, random: () => number): string[] {
  const first = Math.floor(random() * count);
  if (count < 2) return count === 1 ? ["user-1"] : [];
  const second = (first + 1 + Math.floor(random() * (count - 1))) % count;
  return [first, second].map((index) => `user-${index + 1}`);
}

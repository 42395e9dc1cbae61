/** Work of each kind for the workers: what each of them reads, and what must be refused. */
import { connectAsync } from "mqtt";
import { setTimeout as delay } from "node:timers/promises";
import type {
  Disaggregated,
  Model,
  PredictionWindow,
  TrainingDataset,
} from "../../shared/events.ts";
import type { NewRecord } from "../../shared/log/log.ts";
import { openLog } from "../../shared/log/open.ts";
import {
  DATASET_TOPIC,
  DEVICE_STATE_TOPIC,
  DISAGGREGATED_TOPIC,
  HOUSEHOLD_TOPIC,
  householdKey,
  MODELS_TOPIC,
  POWER_TOPIC,
  PREDICTIONS_TOPIC,
} from "../../shared/topics.ts";

const HOUSEHOLDS = 8;
const SECONDS = 60;
const LABELLED_SECONDS = 400;
const WINDOW_SECONDS = 15;
/** What the devices of a labelled household take, W. */
const WATTS = [500, 1_900] as const;

/** Appends what the stream workers read of some households, and of each input a record that nobody can use. */
export async function appendInputs(url: string): Promise<void> {
  const log = await openLog(url);
  const appender = log.appender();
  const nowS = Math.floor(Date.now() / 1000);
  const households = Array.from({ length: HOUSEHOLDS }, (_, index) => `home-${index}`);
  try {
    // What is learned comes before what is judged by it.
    await appender.append(households.flatMap((household) => labels(household, nowS)));
    await appender.append(households.flatMap((household) => [
      ...judged(household, nowS),
      ...answered(household, nowS),
    ]));
    for (const second of secondsFrom(nowS - SECONDS, SECONDS)) {
      await appender.append(households.flatMap((household) => measured(household, second)));
    }
    await appender.append(households.flatMap((household) => unreadable(household, nowS)));
  } finally {
    await appender.close();
    await log.close();
  }
}

const record = (topic: string, key: string, fields: unknown): NewRecord => ({
  ...{ topic, key, value: JSON.stringify(fields) },
});

const ofAnna = (topic: string, household: string, fields: Record<string, unknown>) =>
  record(topic, household, { client_id: household, username: "anna", ...fields });

/**
 * For predictions and training: a reading and a state. Each second is appended by itself, since a minute
 * of states in front of the readings, which is how a worker merges one append, would make these late.
 */
function measured(household: string, timestamp: number): NewRecord[] {
  return [
    ofAnna(POWER_TOPIC, household, { timestamp, consumption: timestamp % 60 }),
    ofAnna(DEVICE_STATE_TOPIC, household, { timestamp, state_bitmap: [true, false] }),
  ];
}

function unreadable(household: string, timestamp: number): NewRecord[] {
  return [
    ofAnna(POWER_TOPIC, household, { timestamp, consumption: "much" }),
    ofAnna(DEVICE_STATE_TOPIC, household, { timestamp, state_bitmap: "on" }),
  ];
}

/** Of another user than the measured ones, so that nothing else is learned of these households. */
const labelled = (household: string) => ({ client_id: household, username: "berta" });
/** Both devices switch in turn, every ten seconds one of them. */
const bitmapAt = (second: number) => [(second % 40) >= 20, (second + 10) % 40 >= 20];
const powerAt = (second: number) =>
  60 + second % 5 +
  WATTS.reduce((sum, watts, index) => sum + (bitmapAt(second)[index] ? watts : 0), 0);
const secondsFrom = (start: number, length: number) =>
  Array.from({ length }, (_, second) => start + second);

/** For disaggregation: enough to know both devices. */
function labels(household: string, nowS: number): NewRecord[] {
  const timestamps = secondsFrom(nowS - 1_000, LABELLED_SECONDS);
  const dataset: TrainingDataset = {
    ...labelled(household),
    ...{ session_start: timestamps[0]!, session_end: timestamps.at(-1)!, timestamps },
    consumption: timestamps.map(powerAt),
    state_bitmaps: timestamps.map(bitmapAt),
  };
  return [
    record(DATASET_TOPIC, household, dataset),
    record(DATASET_TOPIC, household, { ...dataset, consumption: [] }),
  ];
}

/** For disaggregation: a window. */
function judged(household: string, nowS: number): NewRecord[] {
  const timestamps = secondsFrom(nowS - WINDOW_SECONDS, WINDOW_SECONDS);
  const window: PredictionWindow = {
    ...labelled(household),
    ...{ window_start: nowS - WINDOW_SECONDS, window_end: nowS, timestamps },
    consumption: timestamps.map(powerAt),
  };
  return [
    record(PREDICTIONS_TOPIC, household, window),
    record(PREDICTIONS_TOPIC, household, { ...window, consumption: [] }),
  ];
}

/** For the publisher: the names of a household's devices, its model, and a second of it. */
function answered(household: string, nowS: number): NewRecord[] {
  const identity = labelled(household);
  const model: Model = {
    ...{ ...identity, version: 1, trained_until: nowS, labelled_seconds: LABELLED_SECONDS },
    devices: WATTS.map((watts) => ({ status: "known", watts, watts_deviation: 1 })),
    ...{ base: 60, columns: [], base_variance: 1, new_variance: 1, covariance: [], vectors: [] },
    ...{ unseen: 0.1, change_rate: 0.01, undeclared: { rate: 0.1, watts: 100 } },
  };
  const second: Disaggregated = {
    ...{ ...identity, timestamp: nowS, consumption: 560, on: [1, 0], watts: [500, 0] },
    ...{ unexplained: 60, model_version: 1 },
  };
  const kept = (topic: string, value: unknown): NewRecord => ({
    ...record(topic, householdKey(identity), value),
    partitionKey: household,
  });
  return [
    kept(HOUSEHOLD_TOPIC, { ...identity, devices: [{ name: "kettle" }, { name: "oven" }] }),
    kept(MODELS_TOPIC, model),
    record(DISAGGREGATED_TOPIC, household, second),
    record(DISAGGREGATED_TOPIC, household, { ...second, watts: [500] }),
  ];
}

/** Publishes a reading, a state and rubbish, again and again until the signal. */
export async function publishAll(url: string, signal: AbortSignal): Promise<void> {
  const client = await connectAsync(url);
  const publish = (kind: string, fields: unknown) =>
    client.publishAsync(`energy/anna/home/${kind}`, JSON.stringify(fields), { qos: 1 });
  const household = { client_id: "home", username: "anna" };
  while (!signal.aborted) {
    await publish("power", { ...household, consumption: 1 });
    await publish("device-state", { ...household, state_bitmap: [true] });
    await publish("household", { ...household, devices: [{ name: "kettle" }] });
    await publish("power", "rubbish");
    await delay(200);
  }
  await client.endAsync();
}

/** Random logs of disaggregated seconds, names and models for the law of the publisher. */
import fc from "fast-check";
import type { Disaggregated, Household, Model } from "../../shared/events.ts";
import { type LogRecord, NO_HEADERS } from "../../shared/log/log.ts";
import { partitionOf } from "../../shared/log/partition.ts";
import { DISAGGREGATED_TOPIC, HOUSEHOLD_TOPIC, MODELS_TOPIC } from "../../shared/topics.ts";

export const PARTITION_COUNT = 2;
const NAMES = Array.from({ length: 40 }, (_, index) => `h${index}`);
const HOUSEHOLDS = NAMES.filter((name) => partitionOf(name, PARTITION_COUNT) === 0).slice(0, 2);
const MISPLACED = NAMES.find((name) => partitionOf(name, PARTITION_COUNT) === 1)!;

export interface AnswersLog {
  /** By input of the publisher: seconds, names, models. */
  readonly inputs: readonly [LogRecord[], LogRecord[], LogRecord[]];
  /** Seed of how it falls into batches. */
  readonly seed: number;
}

const watts = fc.option(fc.double({ min: 0, max: 3_000, noNaN: true }), { freq: 4 });

const stepArbitrary = fc.record({
  pauseMs: fc.oneof(
    { weight: 8, arbitrary: fc.constantFrom(0, 0, 1, 900) },
    { weight: 1, arbitrary: fc.constantFrom(7_000, 90_000) },
  ),
  kind: fc.oneof(
    { weight: 16, arbitrary: fc.constant("second") },
    { weight: 4, arbitrary: fc.constantFrom("names", "model") },
    {
      weight: 2,
      arbitrary: fc.constantFrom("no_names", "no_model", "misplaced", "invalid", "wrong_key"),
    },
  ),
  household: fc.constantFrom(...HOUSEHOLDS),
  username: fc.constantFrom("u", "u", "v"),
  watts: fc.array(watts, { minLength: 1, maxLength: 4 }),
});

export function answersLogArbitrary(recordsMax: number): fc.Arbitrary<AnswersLog> {
  return fc.record({
    steps: fc.array(stepArbitrary, { minLength: 1, maxLength: recordsMax, size: "max" }),
    seed: fc.integer(),
  }).map(({ steps, seed }) => ({ inputs: layOut(steps), seed }));
}

type Step = typeof stepArbitrary extends fc.Arbitrary<infer T> ? T : never;
const encoder = new TextEncoder();

function layOut(steps: readonly Step[]): AnswersLog["inputs"] {
  const inputs: AnswersLog["inputs"] = [[], [], []];
  let appendMs = 1_000_000_000_000;
  const append = (topic: string, key: string, value: unknown) => {
    const records = inputs[[DISAGGREGATED_TOPIC, HOUSEHOLD_TOPIC, MODELS_TOPIC].indexOf(topic)]!;
    records.push({
      ...{ topic, partition: 0, offset: records.length, appendMs, headers: NO_HEADERS },
      key: encoder.encode(key),
      value: value === null ? null : encoder.encode(JSON.stringify(value)),
    });
  };
  for (const [index, step] of steps.entries()) {
    appendMs += step.pauseMs;
    const { household: client_id, username } = step;
    const key = `${username}/${client_id}`;
    const seconds = secondsOf(step, Math.floor(appendMs / 1000) - 600 + index);
    switch (step.kind) {
      case "second":
        append(DISAGGREGATED_TOPIC, client_id, seconds);
        break;
      case "names":
        append(HOUSEHOLD_TOPIC, key, namesOf(step));
        break;
      case "model":
        append(MODELS_TOPIC, key, modelOf(step));
        break;
      case "no_names":
        append(HOUSEHOLD_TOPIC, key, null);
        break;
      case "no_model":
        append(MODELS_TOPIC, key, null);
        break;
      case "misplaced":
        append(DISAGGREGATED_TOPIC, MISPLACED, { ...seconds, client_id: MISPLACED });
        break;
      case "invalid":
        append(DISAGGREGATED_TOPIC, client_id, { ...seconds, watts: [...seconds.watts, 1] });
        break;
      case "wrong_key":
        append(MODELS_TOPIC, client_id, modelOf(step));
    }
  }
  return inputs;
}

function secondsOf({ household, username, watts }: Step, timestamp: number): Disaggregated {
  return {
    ...{ client_id: household, username, timestamp, consumption: 700, watts },
    on: watts.map((each) => each === null ? null : each > 100 ? 1 : 0),
    ...{ unexplained: 50, model_version: 1 },
  };
}

function namesOf({ household, username, watts }: Step): Household {
  const devices = watts.map((_, device) => ({ name: `${username} ${device}` }));
  return { client_id: household, username, devices };
}

function modelOf({ household, username, watts }: Step): Model {
  return {
    ...{ client_id: household, username, version: 1, trained_until: 7, labelled_seconds: 600 },
    devices: watts.map((each) => ({
      status: each === null ? "learning" : "known",
      watts: each ?? 0,
      watts_deviation: 1,
    })),
    ...{ base: 50, columns: [], base_variance: 1, new_variance: 1, covariance: [], vectors: [] },
    ...{ unseen: 0.1, change_rate: 0.01, undeclared: { rate: 0.1, watts: 100 } },
  };
}

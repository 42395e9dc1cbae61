/** Random logs for the law of the design: every kind of disorder, close to the thresholds. */
import fc from "fast-check";
import type { LogRecord } from "../../shared/log/log.ts";
import { NO_HEADERS } from "../../shared/log/log.ts";
import { partitionOf } from "../../shared/log/partition.ts";
import type { Semantics } from "../../shared/oracle/semantics.ts";
import { DEVICE_STATE_TOPIC, POWER_TOPIC, TICK_HEADER } from "../../shared/topics.ts";
import { formArbitrary, written } from "./written_forms.ts";

const PARTITION = 0;
const PARTITION_COUNT = 2;

/** The records of partition 0, as one task reads them, and the rules they are read by. */
export interface TaskInput {
  readonly semantics: Semantics;
  readonly partitionCount: number;
  readonly power: readonly LogRecord[];
  readonly deviceState: readonly LogRecord[];
  /** Seed of whatever else is random in a run on this log. */
  readonly seed: number;
}

const START_MS = 1_000_000_000;

const namesOf = (partition: number) =>
  Array.from({ length: 40 }, (_, index) => `h${index}`)
    .filter((name) => partitionOf(name, PARTITION_COUNT) === partition);
const HOUSEHOLDS = namesOf(PARTITION).slice(0, 3);
/** Each has households of its own, by the same client ids. */
const USERS = ["u", "v"] as const;
const MISPLACED = namesOf(1 - PARTITION)[0]!;

/** Small numbers, so that short logs reach every threshold; slide and gap of several sizes. */
const semanticsArbitrary: fc.Arbitrary<Semantics> = fc.record({
  windowS: fc.constantFrom(3, 4, 6),
  slideS: fc.constantFrom(1, 1, 2, 3),
  latenessS: fc.constantFrom(0, 1, 2, 3),
  gapS: fc.constantFrom(1, 2, 3, 6),
  minDurationS: fc.constantFrom(0, 1, 3),
  maxSessionS: fc.constantFrom(3, 5, 8, 30),
  idleTimeoutS: fc.constantFrom(6, 9, 15),
  maxAheadS: fc.constantFrom(2, 4),
  minReadings: fc.constantFrom(1, 1, 2),
});

/** Time from one append to the next, ms: bursts, steps, silences and outages of everyone. */
const pauseArbitrary = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom(0, 0, 1, 20) },
  { weight: 8, arbitrary: fc.integer({ min: 100, max: 1500 }) },
  { weight: 1, arbitrary: fc.integer({ min: 3_000, max: 6_000 }) },
  { weight: 1, arbitrary: fc.constantFrom(7_000, 30_000, 3_600_000) },
);

/** Event time minus append time, s: in order, swapped, late, very late, ahead, too far ahead. */
const shiftArbitrary = fc.oneof(
  { weight: 10, arbitrary: fc.integer({ min: -2, max: 0 }) },
  { weight: 4, arbitrary: fc.integer({ min: -7, max: 4 }) },
  { weight: 1, arbitrary: fc.constantFrom(-40, -15, 5, 60) },
);

const kindArbitrary = fc.oneof(
  { weight: 30, arbitrary: fc.constantFrom("power", "state") },
  { weight: 16, arbitrary: fc.constant("both") },
  { weight: 1, arbitrary: fc.constantFrom("tick", "invalid", "misplaced", "again") },
);

const stepArbitrary = fc.record({
  pauseMs: pauseArbitrary,
  shiftS: shiftArbitrary,
  kind: kindArbitrary,
  household: fc.constantFrom(...HOUSEHOLDS, HOUSEHOLDS[0]!, HOUSEHOLDS[0]!),
  /** From here on the households have so many devices. */
  devices: fc.oneof(
    { weight: 9, arbitrary: fc.constant(undefined) },
    { weight: 1, arbitrary: fc.constantFrom(2, 3, 4) },
  ),
  username: fc.constantFrom(USERS[0], USERS[0], USERS[0], ...USERS),
  swap: fc.boolean(),
  form: formArbitrary,
});

type Step = typeof stepArbitrary extends fc.Arbitrary<infer T> ? T : never;

/** The same of one user alone: what a version that knew client ids alone read as we do. */
export function logOfOneUserArbitrary(recordsMax: number): fc.Arbitrary<TaskInput> {
  const steps = stepArbitrary.map((step) => ({ ...step, username: USERS[0] }));
  return logArbitrary(steps, recordsMax);
}

export function randomLogArbitrary(recordsMax: number): fc.Arbitrary<TaskInput> {
  return logArbitrary(stepArbitrary, recordsMax);
}

function logArbitrary(
  stepArbitrary: fc.Arbitrary<Step>,
  recordsMax: number,
): fc.Arbitrary<TaskInput> {
  return fc.record({
    semantics: semanticsArbitrary.map((semantics) => ({
      ...semantics,
      slideS: Math.min(semantics.slideS, semantics.windowS),
    })),
    steps: fc.array(stepArbitrary, { minLength: 1, maxLength: recordsMax, size: "max" }),
    seed: fc.integer(),
  }).map(({ semantics, steps, seed }) => ({
    semantics,
    seed,
    partitionCount: PARTITION_COUNT,
    ...layOut(steps),
  }));
}

const encoder = new TextEncoder();

function layOut(steps: readonly Step[]): { power: LogRecord[]; deviceState: LogRecord[] } {
  const power: LogRecord[] = [];
  const deviceState: LogRecord[] = [];
  let appendMs = START_MS;
  let devices = 3;
  const append = (list: LogRecord[], key: string | null, value: string | null) => {
    list.push({
      topic: list === power ? POWER_TOPIC : DEVICE_STATE_TOPIC,
      partition: PARTITION,
      offset: list.length,
      appendMs,
      key: key === null ? null : encoder.encode(key),
      value: value === null ? null : encoder.encode(value),
      headers: key === null && value === null ? { [TICK_HEADER]: "test" } : NO_HEADERS,
    });
  };
  for (const step of steps) {
    appendMs += step.pauseMs;
    devices = step.devices ?? devices;
    const timestamp = Math.floor(appendMs / 1000) + step.shiftS;
    const identity = { client_id: step.household, username: step.username, timestamp };
    // Values name their record, so that a mix-up of equal seconds shows.
    const reading = written({ ...identity, consumption: power.length }, step.form);
    const count = deviceState.length;
    const bitmap = [count % 2 === 1, count % 3 === 1, true, count % 5 === 1].slice(0, devices);
    const state = written({ ...identity, state_bitmap: bitmap }, step.form);
    const publish = {
      power: () => append(power, step.household, reading),
      state: () => append(deviceState, step.household, state),
    };
    if (step.kind === "power" || step.kind === "state") publish[step.kind]();
    else if (step.kind === "both") {
      for (const kind of step.swap ? ["state", "power"] as const : ["power", "state"] as const) {
        publish[kind]();
      }
    } else if (step.kind === "tick") append(power, null, null);
    else if (step.kind === "invalid") append(step.swap ? power : deviceState, step.household, "{");
    else if (step.kind === "again") {
      const last = power.at(-1);
      if (last !== undefined) power.push({ ...last, offset: power.length, appendMs });
    } else {
      const value = JSON.stringify({ ...identity, client_id: MISPLACED, consumption: 1 });
      append(power, MISPLACED, value);
    }
  }
  return { power, deviceState };
}

import assert from "node:assert/strict";
import fc from "fast-check";
import { predictionWindowSchema, trainingDatasetSchema } from "../events.ts";
import { InputLog } from "../testing/input_log.ts";
import { expectPredictions, expectTraining, type InputPartition } from "./oracle.ts";
import { DEFAULT_SEMANTICS, type Outcomes, recordsIn, type Semantics } from "./semantics.ts";

/** Small numbers, so that short logs meet every threshold. */
const SEMANTICS: Semantics = {
  ...DEFAULT_SEMANTICS,
  windowS: 6,
  latenessS: 3,
  gapS: 2,
  minDurationS: 4,
  maxSessionS: 12,
  idleTimeoutS: 15,
};
const RUNS = { numRuns: 200 };

/** One record: how long after the one before, of whom, what, and how far from the time it is. */
const step = fc.record({
  waitMs: fc.oneof(
    { weight: 20, arbitrary: fc.integer({ min: 0, max: 900 }) },
    { weight: 1, arbitrary: fc.integer({ min: -300, max: 40_000 }) },
  ),
  household: fc.constantFrom("a", "b"),
  kind: fc.oneof(
    { weight: 30, arbitrary: fc.constantFrom("reading", "state", "both") },
    { weight: 1, arbitrary: fc.constantFrom("tick", "rubbish") },
  ),
  aheadS: fc.oneof(
    { weight: 8, arbitrary: fc.integer({ min: -2, max: 0 }) },
    { weight: 2, arbitrary: fc.integer({ min: -8, max: 0 }) },
    { weight: 1, arbitrary: fc.integer({ min: -20, max: 12 }) },
  ),
});
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

function logOf(steps: readonly Step[], isKnown: (household: string) => boolean = () => true) {
  const log = new InputLog();
  let appendMs = 1_000_000;
  for (const { waitMs, household, kind, aheadS } of steps) {
    appendMs += waitMs;
    const placement = { household, atS: appendMs / 1000 };
    const t = Math.floor(appendMs / 1000) + aheadS;
    if (kind === "tick") log.tick(appendMs / 1000);
    else if (kind === "rubbish" || !isKnown(household)) {
      if (kind !== "state") log.raw({ topic: "power", appendMs, key: "?", value: "?" });
      if (kind !== "reading") log.raw({ topic: "device-state", appendMs, key: "?", value: "?" });
    } else {
      if (kind !== "state") log.reading(t, placement);
      if (kind !== "reading") log.state(t, placement);
    }
  }
  return log;
}

const inputs = fc.array(step, { minLength: 20, maxLength: 250, size: "max" });

function judge(log: InputPartition) {
  const predictions = expectPredictions(log, SEMANTICS);
  const training = expectTraining(log, SEMANTICS);
  return { predictions, training };
}

function refusedIn({ late, future, invalid }: Outcomes): number {
  return late + future + invalid;
}

Deno.test("outcomes add up to the inputs, and what is refused to the dead letters", () => {
  fc.assert(
    fc.property(inputs, (steps) => {
      const log = logOf(steps);
      const { predictions, training } = judge(log);
      assert.equal(recordsIn(predictions.outcomes), log.power.length);
      assert.equal(recordsIn(training.outcomes), log.power.length + log.deviceState.length);
      assert.equal(predictions.deadLetters.length, refusedIn(predictions.outcomes));
      assert.equal(training.deadLetters.length, refusedIn(training.outcomes));
      const { fusedExpected, fusedReached, outcomes } = training;
      assert.equal(2 * fusedReached, outcomes.used + outcomes.short);
      assert.ok(fusedReached <= fusedExpected);
    }),
    RUNS,
  );
});

Deno.test("outputs obey the event contract, each identity once", () => {
  fc.assert(
    fc.property(inputs, (steps) => {
      const { predictions, training } = judge(logOf(steps));
      const identities = new Set<string>();
      for (const { window } of predictions.windows) {
        assert.deepEqual(predictionWindowSchema.parse(window), window);
        assert.ok(isWithin(window.timestamps, window.window_start, window.window_end - 1));
        identities.add(`window ${window.client_id} ${window.window_start}`);
      }
      for (const dataset of training.datasets) {
        assert.deepEqual(trainingDatasetSchema.parse(dataset), dataset);
        const { session_start, session_end } = dataset;
        assert.ok(isWithin(dataset.timestamps, session_start, session_end));
        assert.ok(session_end - session_start > SEMANTICS.minDurationS);
        assert.ok(session_end - session_start < SEMANTICS.maxSessionS);
        identities.add(`dataset ${dataset.client_id} ${session_start}`);
      }
      assert.equal(identities.size, predictions.windows.length + training.datasets.length);
    }),
    RUNS,
  );
});

/** True where the seconds are strictly ascending and within both bounds. */
function isWithin(seconds: readonly number[], first: number, last: number): boolean {
  return seconds.every((second, i) =>
    second >= first && second <= last && (i === 0 || second > seconds[i - 1]!)
  );
}

Deno.test("what the start of a log leads to stays true whatever follows", () => {
  fc.assert(
    fc.property(inputs, fc.nat(), (anySteps, cut) => {
      const steps = anySteps.map(ascending);
      const whole = judge(logOf(steps));
      const start = judge(logOf(steps.slice(0, cut % steps.length)));
      assertContains(whole.predictions.windows, start.predictions.windows);
      assertContains(whole.training.datasets, start.training.datasets);
      assertContains(whole.predictions.deadLetters, start.predictions.deadLetters);
      assertContains(whole.training.deadLetters, start.training.deadLetters);
    }),
    RUNS,
  );
});

/** With append times that ascend: else a later record may come first in the merged order. */
function ascending({ waitMs, ...rest }: Step): Step {
  return { waitMs: Math.max(1, Math.abs(waitMs)), ...rest };
}

function assertContains(whole: readonly object[], part: readonly object[]): void {
  const all = new Set(whole.map((item) => JSON.stringify(item)));
  for (const item of part) assert.ok(all.has(JSON.stringify(item)), JSON.stringify(item));
}

Deno.test("what one household sends changes nothing for another", () => {
  fc.assert(
    fc.property(inputs, (steps) => {
      const together = judge(logOf(steps));
      const alone = judge(logOf(steps, (household) => household === "a"));
      assert.deepEqual(
        together.predictions.windows.filter(({ window }) => window.client_id === "a"),
        alone.predictions.windows,
      );
      assert.deepEqual(
        together.training.datasets.filter(({ client_id }) => client_id === "a"),
        alone.training.datasets,
      );
    }),
    RUNS,
  );
});

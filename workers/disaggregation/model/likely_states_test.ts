import assert from "node:assert/strict";
import fc from "fast-check";
import { readyModel } from "./disaggregate.ts";
import type { JointStates } from "./joint_states.ts";
import { LikelyStates, STATES_MAX } from "./likely_states.ts";
import type { PosteriorModel } from "./posterior_model.ts";
import { modelOf } from "./testing/model_of.ts";

/** How far each state is below the best one, at the reading where it is nearest to it. */
function scoresOf(model: PosteriorModel, consumption: readonly number[]): number[] {
  const { power, variance, weight, peak, count } = model.states;
  const { undeclaredRate, undeclaredW } = model;
  const scores = new Array<number>(count).fill(-Infinity);
  for (const watts of consumption) {
    const likely = Array.from({ length: count }, (_, state) => {
      const off = watts - power[state]!;
      const undeclared = Math.log(undeclaredRate / undeclaredW) - 4 - Math.abs(off) / undeclaredW +
        (off < 0 ? Math.log(0.1) : 0);
      return Math.max(
        peak[state]! - off * off / (2 * variance[state]!),
        weight[state]! + Math.max(undeclared, Math.log(1e-8)),
      );
    });
    const best = Math.max(...likely);
    likely.forEach((each, state) => scores[state] = Math.max(scores[state]!, each - best));
  }
  return scores;
}

const wattsOf = fc.array(fc.integer({ min: 5, max: 2_000 }), { minLength: 1, maxLength: 9 });
const consumptionOf = fc.array(fc.integer({ min: -100, max: 12_000 }), {
  minLength: 1,
  maxLength: 15,
});

Deno.test("LikelyStates.choose() finds what looking at every state finds", () => {
  const likely = new LikelyStates();
  fc.assert(
    fc.property(wattsOf, consumptionOf, (watts, consumption) => {
      const ready = readyModel(modelOf(watts));
      const count = likely.choose(ready, { timestamps: consumption, consumption });
      const scores = scoresOf(ready, consumption);
      const within = scores.flatMap((score, state) => score >= -12 ? [state] : []);
      if (within.length <= STATES_MAX) {
        assert.deepEqual([...likely.chosen.subarray(0, count)], within);
        return;
      }
      assert.equal(count, STATES_MAX);
      const worst = Math.min(...likely.chosen.map((state) => scores[state]!));
      const isChosen = new Set(likely.chosen);
      // As exactly as the margin is divided.
      for (const state of within) {
        if (!isChosen.has(state)) assert.ok(scores[state]! < worst + 12 / 512 + 1e-9);
      }
    }),
    { numRuns: 300 },
  );
});

Deno.test("LikelyStates.choose() keeps no more than there is room for where all are alike", () => {
  const likely = new LikelyStates();
  const ready = readyModel(modelOf(new Array(12).fill(100)));
  const consumption = [1e300];
  assert.equal(likely.choose(ready, { timestamps: [1], consumption }), STATES_MAX);
});

Deno.test("jointStates() has the states of sets in blocks, ascending by power", () => {
  fc.assert(fc.property(wattsOf, (watts) => {
    const { states } = readyModel(modelOf(watts));
    const sets = states.set.subarray(0, states.setCount);
    assert.deepEqual([...sets].sort((a, b) => a - b), [...sets.keys()]);
    for (let state = 1; state < states.setCount; state++) {
      assert.ok(states.power[state]! >= states.power[state - 1]!);
    }
    holdsBounds(states);
  }));
});

function holdsBounds({ blocks, count, power, variance, weight, peak }: JointStates): void {
  let state = 0;
  for (let block = 0; block < blocks.count; block++) {
    assert.equal(blocks.start[block], state);
    for (; state < blocks.start[block + 1]!; state++) {
      assert.ok(power[state]! >= blocks.lowest[block]! && power[state]! <= blocks.highest[block]!);
      assert.ok(variance[state]! <= blocks.variance[block]!);
      assert.ok(weight[state]! <= blocks.weight[block]! && peak[state]! <= blocks.peak[block]!);
    }
  }
  assert.equal(state, count);
}

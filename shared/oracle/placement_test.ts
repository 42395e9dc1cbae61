import assert from "node:assert/strict";
import { partitionOf } from "../log/partition.ts";
import { InputLog } from "../testing/input_log.ts";
import { PARTITIONS_HEADER, POWER_TOPIC, TICK_HEADER } from "../topics.ts";
import { expectPredictions, expectTraining } from "./oracle.ts";
import { partitionCountsOf } from "./placement.ts";
import { DEFAULT_SEMANTICS } from "./semantics.ts";

const [BEFORE, AFTER] = [2, 5];
/** A household that changes its partition, and where it stands. */
const MOVED = Array.from({ length: 40 }, (_, index) => `home-${index}`)
  .find((name) => partitionOf(name, BEFORE) !== partitionOf(name, AFTER))!;

/** The tick behind which there are more partitions. */
function growTick(log: InputLog, atS: number, former = BEFORE): InputLog {
  const headers = { [TICK_HEADER]: "grow", [PARTITIONS_HEADER]: String(former) };
  return log.raw({ topic: POWER_TOPIC, appendMs: atS * 1000, key: null, value: null, headers });
}

function partition(key: string, count: number): InputLog {
  return new InputLog({ partition: partitionOf(key, count) });
}

Deno.test("partitionCountsOf() has what the ticks say, and what there is now", () => {
  const log = new InputLog().fused(100, 102);
  growTick(growTick(log, 103), 112, 3).reading(120).tick();
  assert.deepEqual(partitionCountsOf(log.power, AFTER), [2, 3, 5]);
  assert.deepEqual(partitionCountsOf([], AFTER), [5]);
});

// device-state                 s (its append time is the tick's)     s
// power          r (tick: 2)                              (tick: 5)    r
Deno.test("expectTraining() has a state that came with the tick before it", () => {
  for (const { atS, misplaced } of [{ atS: 103, misplaced: 1 }, { atS: 103.001, misplaced: 0 }]) {
    const log = growTick(partition(MOVED, AFTER), 103).state(103, { household: MOVED, atS });
    const { outcomes } = expectTraining({ ...log, partitionCount: AFTER }, DEFAULT_SEMANTICS);
    assert.deepEqual([outcomes.tick, outcomes.invalid], [1, misplaced]);
  }
});

/*
 *   old partition   100 … 139, (tick: 2)
 *   new partition                         130 (late) 200 … 239 tick
 */
Deno.test("expectPredictions() and expectTraining() follow a household to its new partition", () => {
  const before = growTick(partition(MOVED, BEFORE).fused(100, 139, { household: MOVED }), 150);
  const after = partition(MOVED, AFTER).fused(130, 130, { household: MOVED, atS: 160 })
    .fused(200, 239, { household: MOVED }).tick();
  const eras = [after, before].map((log) => ({ ...log, partitionCount: AFTER }));
  const predictions = expectPredictions(eras, DEFAULT_SEMANTICS);
  const late = [[predictions, 1], [expectTraining(eras, DEFAULT_SEMANTICS), 2]] as const;
  for (const [{ outcomes, deadLetters }, count] of late) {
    assert.deepEqual([outcomes.late, outcomes.invalid, outcomes.tick], [count, 0, 2]);
    assert.deepEqual(deadLetters.map(({ reason }) => reason), new Array(count).fill("late"));
  }
  const starts = predictions.windows.map(({ window }) => window.window_start);
  assert.equal(new Set(starts).size, starts.length);
  assert.equal(starts.length, 2 * (40 + 14));
  const { datasets } = expectTraining(eras, DEFAULT_SEMANTICS);
  assert.deepEqual(
    datasets.map(({ session_start, session_end }) => [session_start, session_end]),
    [[100, 139], [200, 239]],
  );
});

Deno.test("expectPredictions() calls misplaced what stands by a number that was not yet, or no more", () => {
  const early = growTick(partition(MOVED, AFTER).reading(100, { household: MOVED }), 110);
  const tardy = growTick(partition(MOVED, BEFORE), 110).reading(120, { household: MOVED });
  for (const log of [early, tardy]) {
    const { deadLetters } = expectPredictions(
      { power: log.power, partitionCount: AFTER },
      DEFAULT_SEMANTICS,
    );
    assert.deepEqual(deadLetters.map(({ reason }) => reason), ["misplaced"]);
  }
});

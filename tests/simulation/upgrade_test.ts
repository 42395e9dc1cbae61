/** That a task's memory is what it was in the version that made objects of readings, entry by entry. */
import assert from "node:assert/strict";
import type { HouseholdEvent, WorkerCore } from "../../shared/stream/household.ts";
import { DEFAULT_SEMANTICS } from "../../shared/oracle/semantics.ts";
import { InputLog } from "../../shared/testing/input_log.ts";
import { predictionsCore } from "../../workers/predictions/core.ts";
import { trainingCore } from "../../workers/training/core.ts";
import { run, type SimulationInputs } from "./law.ts";

/** As that version wrote them after the log below. */
const MEMORIES = {
  predictions: {
    task:
      '{"offsets":[47],"rewind":[46],"outcomes":{"used":44,"duplicate":0,"late":2,"partly_late":1,"future":0,"invalid":0,"unfused":0,"short":0,"tick":1,"lost":0},"held":0,"newestS":231}',
    partitions: "1",
    'household/["user","home"]': "235",
    'household/["ada","grün \\"1\\""]': "165",
  },
  training: {
    task:
      '{"offsets":[41,47],"rewind":[41,46],"outcomes":{"used":82,"duplicate":0,"late":2,"partly_late":0,"future":0,"invalid":0,"unfused":2,"short":0,"tick":1,"lost":0},"held":1,"newestS":231}',
    partitions: "1",
    'household/["user","home"]': "221",
    'household/["ada","grün \\"1\\""]': "151",
  },
};

/*
 *   100 ■ … 140 ■, 110 again, 90 late │ 150 of another user │ 220 │ tick │ 231
 */
const log = new InputLog().fused(100, 140).reading(110).reading(90, { atS: 141 })
  .reading(150, { household: 'grün "1"', username: "ada" })
  .reading(220, { atS: 220 }).tick(230).reading(231);

async function memoryOf<E extends HouseholdEvent>(core: WorkerCore<E>, inputs: SimulationInputs) {
  const input = { ...log, partitionCount: 1, semantics: DEFAULT_SEMANTICS, seed: 1 };
  const { snapshots } = await run(input, core, inputs, () => 0.5);
  return Object.fromEntries(snapshots.at(-1)!.memory);
}

Deno.test("runTask() remembers of windows what the version before it did", async () => {
  const core = predictionsCore(DEFAULT_SEMANTICS);
  assert.deepEqual(await memoryOf(core, [log.power]), MEMORIES.predictions);
});

Deno.test("runTask() remembers of sessions what the version before it did", async () => {
  const core = trainingCore(DEFAULT_SEMANTICS);
  assert.deepEqual(await memoryOf(core, [log.deviceState, log.power]), MEMORIES.training);
});

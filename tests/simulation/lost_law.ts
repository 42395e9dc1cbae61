/**
 * The law of lost records, as a property of one log: at every crash point the log forgets its oldest
 * records, of each input some, and a task that is to skip them goes on. Nothing comes twice; from
 * there its outputs are the oracle's over what is left; each record still has one outcome; and
 * crashes after it change nothing.
 */
import assert from "node:assert/strict";
import type { LogRecord } from "../../shared/log/log.ts";
import { expectPredictions, expectTraining } from "../../shared/oracle/oracle.ts";
import type { HouseholdEvent, WorkerCore } from "../../shared/stream/household.ts";
import { recordCount } from "../../shared/stream/outcomes.ts";
import { type Checkpoint, decodeCheckpoint } from "../../shared/stream/task_memory.ts";
import type { LogSnapshot } from "../../shared/testing/simulated_task_log.ts";
import { predictionsCore } from "../../workers/predictions/core.ts";
import { trainingCore } from "../../workers/training/core.ts";
import { seededRandom } from "../../shared/testing/seeded_random.ts";
import { letterKey, type Run, run, type SimulationInputs } from "./law.ts";
import type { TaskInput } from "./random_log.ts";

/** Checks the law for both workers. Returns the number of losses tried. */
export async function checkLostLaw(log: TaskInput): Promise<number> {
  const rules = log.semantics;
  return await checkWorker(log, predictionsCore(rules), [log.power], ([power], lostUpToS) => {
    const { partitionCount } = log;
    const { windows, deadLetters } = expectPredictions(
      { power: power!, partitionCount, lostUpToS },
      rules,
    );
    return [...windows.map(({ window }) => JSON.stringify(window)), ...deadLetters.map(letterKey)];
  }) + await checkWorker(
    log,
    trainingCore(rules),
    [log.deviceState, log.power],
    ([deviceState, power], lostUpToS) => {
      const { partitionCount } = log;
      const { datasets, deadLetters } = expectTraining(
        { power: power!, deviceState: deviceState!, partitionCount, lostUpToS },
        rules,
      );
      return [...datasets.map((each) => JSON.stringify(each)), ...deadLetters.map(letterKey)];
    },
  );
}

/** What the oracle makes of the records that are left. */
type Expect = (left: LogRecord[][], lostUpToS: number) => string[];

async function checkWorker<E extends HouseholdEvent>(
  log: TaskInput,
  core: WorkerCore<E>,
  inputs: SimulationInputs,
  expect: Expect,
): Promise<number> {
  const random = seededRandom(log.seed);
  const whole = await liveWithACrash(log, core, inputs, random);
  let losses = 0;
  for (const [index, start] of whole.snapshots.entries()) {
    const starts = inputs.map((records) => Math.floor(random() * (records.length + 1)));
    const before = checkpointOf(start);
    // A run that has nothing left to read does not begin.
    if (before.offsets.every((offset, input) => offset === inputs[input]!.length)) continue;
    const isLost = starts.some((offset, input) => offset > before.rewind[input]!);
    const rest = await run(log, core, inputs, random, { start, starts });
    const title = `${core.name}, crash ${index + 1}, log from ${starts}`;
    const earlier = whole.outputs.slice(0, start.outputCount);
    if (!isLost) {
      assert.deepEqual([...earlier, ...rest.outputs].sort(), [...whole.outputs].sort(), title);
      assert.deepEqual(rest.lost, [], title);
      continue;
    }
    losses++;
    const left = inputs.map((records, input) =>
      records.slice(Math.max(before.offsets[input]!, starts[input]!))
    );
    const lostUpToS = before.newestS ?? -Infinity;
    assert.ok(lostUpToS <= newestOf(inputs, before.offsets), title);
    const outputs = [...rest.outputs].sort();
    assert.deepEqual(outputs, expect(left, lostUpToS).sort(), title);
    assertNothingTwice([...earlier, ...outputs], title);
    assert.deepEqual(
      rest.lost.map(({ topic, from, to }) => [topic, from, to]),
      core.inputs.map((topic, input) => [topic, before.rewind[input]!, starts[input]!])
        .filter(([, from, to]) => to! > from!),
      title,
    );
    const total = inputs.reduce((sum, records) => sum + records.length, 0);
    const after = checkpointOf(rest.snapshots.at(-1)!);
    assert.equal(recordCount(after.outcomes) + rest.heldCount, total, `${title}: inputs`);
    for (const snapshot of rest.snapshots) {
      const again = await run(log, core, inputs, random, { start: snapshot, starts });
      const sum = [...rest.outputs.slice(0, snapshot.outputCount), ...again.outputs];
      assert.deepEqual(sum.sort(), outputs, `${title}, and another crash`);
      assert.deepEqual(again.lost, [], title);
    }
  }
  return losses;
}

/** A run to the end whose task changes hands at some point: what it remembers goes with it. */
async function liveWithACrash<E extends HouseholdEvent>(
  log: TaskInput,
  core: WorkerCore<E>,
  inputs: SimulationInputs,
  random: () => number,
): Promise<Pick<Run, "outputs" | "snapshots">> {
  const first = await run(log, core, inputs, random);
  if (first.snapshots.length === 0) return first;
  const count = 1 + Math.floor(random() * first.snapshots.length);
  const start = first.snapshots[count - 1]!;
  const second = await run(log, core, inputs, random, { start });
  return {
    outputs: [...first.outputs.slice(0, start.outputCount), ...second.outputs],
    snapshots: [
      ...first.snapshots.slice(0, count),
      ...second.snapshots.map((snapshot) => ({
        ...snapshot,
        outputCount: start.outputCount + snapshot.outputCount,
      })),
    ],
  };
}

function checkpointOf({ memory }: LogSnapshot): Checkpoint {
  return decodeCheckpoint(memory)!;
}

/** The newest event time below these offsets, of whatever can be read. */
function newestOf(inputs: SimulationInputs, offsets: readonly number[]): number {
  let newestS = -Infinity;
  inputs.forEach((records, input) => {
    for (const { value } of records.slice(0, offsets[input])) {
      const match = /"timestamp":\s*(-?\d+)/.exec(new TextDecoder().decode(value ?? undefined));
      if (match !== null) newestS = Math.max(newestS, Number(match[1]));
    }
  });
  return newestS;
}

/** No window of a household, and no second in a dataset of a household, is there twice. */
function assertNothingTwice(outputs: readonly string[], title: string): void {
  const seen = new Set<string>();
  for (const output of outputs) {
    if (!output.startsWith("{")) continue;
    const { username, client_id, window_start, timestamps } = JSON.parse(output);
    for (const second of window_start === undefined ? timestamps : [window_start]) {
      const key = `${username}/${client_id} ${second}`;
      assert.ok(!seen.has(key), `${title}: ${key} is there twice`);
      seen.add(key);
    }
  }
}

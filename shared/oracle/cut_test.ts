/** A log that is cut anywhere: what the oracle still judges is right, and that is most of it. */
import assert from "node:assert/strict";
import type { LogRecord } from "../log/log.ts";
import { NO_HEADERS } from "../log/log.ts";
import { InputLog } from "../testing/input_log.ts";
import { seededRandom } from "../testing/seeded_random.ts";
import { compareOutputs } from "./compare.ts";
import { horizonOf, judgeable } from "./cut.ts";
import { expectPredictions, expectTraining } from "./oracle.ts";
import { DEFAULT_SEMANTICS } from "./semantics.ts";

const LENGTH_S = 500;
const SEEDS = 50;
/** Short sessions, so that one goes on from another. */
const SEMANTICS = { ...DEFAULT_SEMANTICS, minDurationS: 5, maxSessionS: 40 };

/** Households that are late, ahead, silent, offline with a backlog, and now and then labelled. */
function randomInputs(random: () => number): InputLog {
  const log = new InputLog();
  const households = ["a", "b", "c"].map((household) => ({
    household,
    isLabelled: random() < 0.5,
    awayUntil: 0,
    kept: [] as number[],
  }));
  for (let now = 1000; now < 1000 + LENGTH_S; now++) {
    for (const home of households) {
      if (random() < 0.02) home.isLabelled = !home.isLabelled;
      if (random() < 0.004) home.awayUntil = now + Math.ceil(random() * 90);
      home.kept.push(now + (random() < 0.1 ? Math.ceil(random() * 12) - 6 : 0));
      if (now < home.awayUntil) continue;
      for (const second of random() < 0.1 ? home.kept.reverse() : home.kept) {
        const atS = now + random() / 1000;
        if (home.isLabelled) log.state(second, { household: home.household, atS });
        if (random() < 0.95) log.reading(second, { household: home.household, atS });
      }
      home.kept = [];
    }
  }
  return log.tick(1000 + LENGTH_S);
}

function record(topic: string, key: string, value: object, appendMs: number): LogRecord {
  const bytes = (text: string) => new TextEncoder().encode(text);
  return {
    ...{ topic, partition: 0, offset: 0, appendMs, headers: NO_HEADERS },
    ...{ key: bytes(key), value: bytes(JSON.stringify(value)) },
  };
}

const byTime = (a: LogRecord, b: LogRecord) => a.appendMs - b.appendMs;

/** What the workers have written, by the oracle, at the earliest that it can have come. */
function outputsOf(log: InputLog) {
  const endMs = (1000 + LENGTH_S) * 1000;
  const windows = expectPredictions(log, SEMANTICS).windows.map(({ window, closedAtMs = endMs }) =>
    record("predictions", window.client_id, window, closedAtMs)
  );
  const datasets = expectTraining(log, SEMANTICS).datasets.map((dataset) =>
    record("dataset2train", dataset.client_id, dataset, (dataset.session_end - 10) * 1000)
  );
  return { predictions: windows.sort(byTime), datasets: datasets.sort(byTime) };
}

/** Without what was appended before `ms`. */
function cut(topic: string, records: readonly LogRecord[], ms: number) {
  const kept = records.filter(({ appendMs }) => appendMs >= ms);
  const startOffset = records.length - kept.length;
  const partition = { partition: 0, startOffset, endOffset: records.length, bytes: 0 };
  const description = { name: topic, logAppendTime: true, partitions: [partition] };
  return { topic: description, records: [kept], partitions: [0] };
}

Deno.test("judgeable() leaves of a log that is cut anywhere only what can be judged rightly", () => {
  let [judged, all, sessions] = [0, 0, 0];
  for (let seed = 1; seed <= SEEDS; seed++) {
    const random = seededRandom(seed);
    const log = randomInputs(random);
    const actual = outputsOf(log);
    const cutMs = () => (1000 + LENGTH_S * 0.4) * 1000 + random() * 20_000;
    const [power, deviceState, predictions, datasets] = [
      cut("power", log.power, cutMs()),
      cut("device-state", log.deviceState, cutMs()),
      cut("predictions", actual.predictions, cutMs()),
      cut("dataset2train", actual.datasets, cutMs()),
    ];
    const inputs = { power: power.records[0]!, deviceState: deviceState.records[0]! };
    const partition = { ...inputs, partitionCount: 1 };
    const outputs = judgeable(
      {
        expected: {
          predictions: expectPredictions(partition, SEMANTICS),
          training: expectTraining(partition, SEMANTICS),
        },
        actual: { predictions: predictions.records[0]!, datasets: datasets.records[0]! },
      },
      horizonOf([power, deviceState, predictions, datasets], SEMANTICS),
      SEMANTICS,
    );
    const { tally } = compareOutputs(outputs.expected, outputs.actual);
    const message = `seed ${seed}: ${JSON.stringify(tally)}`;
    assert.equal(tally.windows_matching, tally.windows_expected, message);
    assert.equal(tally.datasets_matching, tally.datasets_expected, message);
    assert.deepEqual([tally.lost, tally.duplicated, tally.unexpected], [0, 0, 0], message);
    assert.equal(tally.fusedReached, tally.fusedExpected, message);
    judged += tally.windows_expected;
    all += actual.predictions.length;
    sessions += tally.datasets_expected;
  }
  // Half of the log is after the cut.
  assert.ok(judged > all * 0.4, `${judged} of ${all} windows`);
  assert.ok(sessions > SEEDS * 3, `${sessions} sessions`);
});

Deno.test("horizonOf() is none where nothing is removed, and endless where all is", () => {
  const records = [record("power", "a", {}, 5000), record("power", "a", {}, 7000)];
  assert.equal(horizonOf([cut("power", records, 0)], SEMANTICS), -Infinity);
  assert.equal(horizonOf([cut("power", records, 6000)], SEMANTICS), 7 + 10 + 2);
  assert.equal(horizonOf([cut("power", records, 8000)], SEMANTICS), Infinity);
});

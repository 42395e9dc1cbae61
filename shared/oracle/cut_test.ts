/** A log that is cut anywhere: what the oracle still judges is right, and that is most of it. */
import assert from "node:assert/strict";
import type { LogRecord } from "../log/log.ts";
import { NO_HEADERS } from "../log/log.ts";
import { InputLog } from "../testing/input_log.ts";
import { seededRandom } from "../testing/seeded_random.ts";
import { Comparison } from "./compare.ts";
import { horizonOf } from "./cut.ts";
import { Latencies } from "./latencies.ts";
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
function cut(records: readonly LogRecord[], ms: number) {
  const kept = records.filter(({ appendMs }) => appendMs >= ms);
  const startOffset = records.length - kept.length;
  return { kept, beginning: { startOffset, firstAppendMs: kept[0]?.appendMs } };
}

Deno.test("Comparison leaves of a log that is cut anywhere only what can be judged rightly", () => {
  let [judged, all, sessions] = [0, 0, 0];
  for (let seed = 1; seed <= SEEDS; seed++) {
    const random = seededRandom(seed);
    const log = randomInputs(random);
    const actual = outputsOf(log);
    const cutMs = () => (1000 + LENGTH_S * 0.4) * 1000 + random() * 20_000;
    const [power, deviceState, windows, datasets] = [
      cut(log.power, cutMs()),
      cut(log.deviceState, cutMs()),
      cut(actual.predictions, cutMs()),
      cut(actual.datasets, cutMs()),
    ];
    const beginnings = [power, deviceState, windows, datasets].map(({ beginning }) => beginning);
    const partition = { power: power.kept, deviceState: deviceState.kept, partitionCount: 1 };
    const comparison = new Comparison({
      predictions: expectPredictions(partition, SEMANTICS),
      training: expectTraining(partition, SEMANTICS),
      horizonS: horizonOf(beginnings, SEMANTICS),
      gapS: SEMANTICS.gapS,
    }, new Latencies());
    for (const window of windows.kept) comparison.takeWindow(window);
    for (const dataset of datasets.kept) comparison.takeDataset(dataset);
    const tally = comparison.end();
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
  assert.equal(horizonOf([cut(records, 0).beginning], SEMANTICS), -Infinity);
  assert.equal(horizonOf([cut(records, 6000).beginning], SEMANTICS), 7 + 10 + 2);
  assert.equal(horizonOf([cut(records, 8000).beginning], SEMANTICS), Infinity);
});

/** That all which devices published is in the log as it was: exact watts, right labels, whole windows. */
import assert from "node:assert/strict";
import type { DeviceState, PredictionWindow, Reading } from "../../shared/events.ts";
import type { Log } from "../../shared/log/log.ts";
import { checkLog } from "../../shared/oracle/check_log.ts";
import { DEFAULT_SEMANTICS } from "../../shared/oracle/semantics.ts";
import {
  DEAD_LETTER_TOPIC,
  DEVICE_STATE_TOPIC,
  HOUSEHOLD_TOPIC,
  POWER_TOPIC,
  PREDICTIONS_TOPIC,
} from "../../shared/topics.ts";
import { eventOf, recordsOf } from "./bridge_setup.ts";
import { type Devices, METERS, type Truth } from "./gateway_devices.ts";

export async function eventsOf<T>(log: Log, topic: string): Promise<T[]> {
  const records = (await recordsOf(log, topic)).filter(({ value }) => value !== null);
  return records.map((record) => eventOf<T>(record));
}

export function ofHousehold<T extends { readonly client_id: string }>(
  events: T[],
  name: string,
): T[] {
  return events.filter(({ client_id }) => client_id === name);
}

/** The readings of a household in the order of the log, without those that came twice. */
function firstOfEach(readings: readonly Reading[]): Map<number, number> {
  const watts = new Map<number, number>();
  for (const { timestamp, consumption } of readings) {
    if (!watts.has(timestamp)) watts.set(timestamp, consumption);
    assert.equal(watts.get(timestamp), consumption, "what comes twice is the same");
  }
  return watts;
}

/** Every reading is one that was sent, at its second, in order; of those with a time none is missing. */
function assertReadings(name: string, found: Map<number, number>, { truths, untimedShare }: {
  readonly truths: readonly Truth[];
  readonly untimedShare: number;
}): void {
  const sent = new Map(truths.map((truth) => [truth.watts, truth]));
  const values = [...found.values()];
  assert.deepEqual([...found.keys()], [...found.keys()].sort((a, b) => a - b), `${name} in order`);
  for (const [second, watts] of found) {
    const truth = sent.get(watts);
    assert.ok(truth !== undefined, `${name} has never sent ${watts} W`);
    const sentS = Math.floor(truth.sentMs / 1000);
    if (truth.isTimed) assert.equal(second, sentS, `${name}: ${watts} W`);
    else assert.ok(second >= sentS, `${name}: ${watts} W is not of before it was sent`);
  }
  assert.deepEqual(values, [...values].sort((a, b) => a - b), `${name}: values as they were sent`);
  const timed = truths.filter(({ isTimed }) => isTimed);
  for (const { watts } of timed) assert.ok(values.includes(watts), `${name} lacks ${watts} W`);
  const untimed = truths.length - timed.length;
  const share = METERS[name]!.isTimed ? 0 : untimedShare;
  assert.ok(
    values.length >= timed.length + untimed * share,
    `${name} has ${values.length} of ${truths.length}`,
  );
}

/** Every label is what the plug did when the reading of its second was sent. */
function assertLabels(name: string, states: readonly DeviceState[], parts: {
  readonly watts: Map<number, number>;
  readonly truths: readonly Truth[];
}): void {
  for (const { timestamp, state_bitmap } of states) {
    const truth = parts.truths.find(({ watts }) => watts === parts.watts.get(timestamp));
    assert.ok(truth !== undefined, `${name}: a label of a second without a reading`);
    assert.deepEqual(state_bitmap, [truth.isOn], `${name}: ${truth.watts} W`);
  }
}

/** @param untimedShare how many of the readings without a time there are at least. */
export async function assertAllRight(
  log: Log,
  devices: Devices,
  untimedShare: number,
): Promise<void> {
  const readings = await eventsOf<Reading>(log, POWER_TOPIC);
  const states = await eventsOf<DeviceState>(log, DEVICE_STATE_TOPIC);
  const windows = await eventsOf<PredictionWindow>(log, PREDICTIONS_TOPIC);
  let labelCount = 0;
  for (const [name, truths] of devices.truths) {
    const watts = firstOfEach(ofHousehold(readings, name));
    assertReadings(name, watts, { truths, untimedShare });
    const labels = ofHousehold(states, name);
    assertLabels(name, labels, { watts, truths });
    labelCount += labels.length;
    const own = ofHousehold(windows, name);
    assert.ok(own.length > truths.length / 2, `${name} has ${own.length} windows`);
    for (const { timestamps, consumption } of own) {
      assert.deepEqual(consumption, timestamps.map((second) => watts.get(second)));
    }
  }
  const rounds = Math.max(...[...devices.truths.values()].map(({ length }) => length));
  assert.ok(labelCount > rounds * 3 * untimedShare, `there are ${labelCount} labels`);
  const names = (await eventsOf<{ username: string }>(log, HOUSEHOLD_TOPIC))
    .filter(({ username }) => username === "anna");
  assert.equal(new Set(names.map((each) => JSON.stringify(each))).size, 12);
  const letters = await eventsOf<{ reason: string }>(log, DEAD_LETTER_TOPIC);
  assert.deepEqual(letters.filter(({ reason }) => reason !== "late"), []);
  const { correctness } = await checkLog(log, DEFAULT_SEMANTICS);
  const { windows_expected, windows_matching, lost, duplicated } = correctness;
  assert.deepEqual([windows_matching, lost, duplicated], [windows_expected, 0, 0]);
}

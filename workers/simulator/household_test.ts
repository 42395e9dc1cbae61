import assert from "node:assert/strict";
import type { DeviceState, Reading } from "../../shared/events.ts";
import { deviceStateSchema, readingSchema } from "../../shared/events.ts";
import { hasCode } from "../../shared/errors.ts";
import { Household, type HouseholdOptions } from "./household.ts";
import type { Publication } from "./publication.ts";

const plain: HouseholdOptions = {
  username: "anna",
  client_id: "flat-1",
  seed: 1,
  noiseW: 0,
  swapProbability: 0,
};

function household(options: Partial<HouseholdOptions> = {}): Household {
  return new Household({ ...plain, ...options });
}

function run(model: Household, cycles: number): Publication[] {
  const all: Publication[] = [];
  for (let second = 0; second < cycles; second++) all.push(...model.cycle(second));
  all.push(...model.release());
  return all;
}

function readings(publications: readonly Publication[]): Reading[] {
  return publications.filter((each) => each.kind === "power").map((each) => each.event as Reading);
}

function states(publications: readonly Publication[]): DeviceState[] {
  return publications.filter((each) => each.kind === "device-state").map((each) =>
    each.event as DeviceState
  );
}

Deno.test("Household.cycle() publishes the power of the devices that are on", () => {
  const model = household();
  const all = run(model, 300);
  const powerAt = new Map(readings(all).map((reading) => [reading.timestamp, reading.consumption]));
  assert.equal(powerAt.size, 300);
  assert.ok(states(all).length > 50);
  for (const { timestamp, state_bitmap } of states(all)) {
    assert.equal(state_bitmap.length, model.devicesW.length);
    const expectedW = model.devicesW.reduce(
      (sumW, deviceW, index) => state_bitmap[index] ? sumW + deviceW : sumW,
      0,
    );
    assert.equal(powerAt.get(timestamp), expectedW);
  }
});

Deno.test("Household.cycle() gives events that the schemas take", () => {
  for (const { kind, event } of run(household({ noiseW: 5 }), 100)) {
    const schema = kind === "power" ? readingSchema : deviceStateSchema;
    assert.deepEqual(schema.parse(event), event);
  }
});

Deno.test("Household.cycle() redraws the states every 15 cycles on average, 10 to 20 apart", () => {
  const all = readings(run(household(), 3000));
  const changes = all.filter((reading, index) =>
    index > 0 && reading.consumption !== all[index - 1]!.consumption
  ).map((reading) => reading.timestamp);
  const gaps = changes.slice(1).map((second, index) => second - changes[index]!);
  const meanGap = gaps.reduce((sum, gap) => sum + gap, 0) / gaps.length;
  assert.ok(Math.min(...gaps) >= 10, `smallest ${Math.min(...gaps)}`);
  // A redraw that gives the same states again is not seen, which makes the mean a little larger.
  assert.ok(meanGap > 14 && meanGap < 17, `mean ${meanGap}`);
});

Deno.test("Household.cycle() adds noise of the standard deviation asked for", () => {
  const quiet = readings(run(household(), 5000));
  const noisy = readings(run(household({ noiseW: 20 }), 5000));
  const noisesW = noisy.map((reading, index) => reading.consumption - quiet[index]!.consumption);
  const meanW = noisesW.reduce((sum, noiseW) => sum + noiseW, 0) / noisesW.length;
  const deviationW = Math.sqrt(
    noisesW.reduce((sum, noiseW) => sum + (noiseW - meanW) ** 2, 0) / noisesW.length,
  );
  assert.ok(Math.abs(meanW) < 1.5, `mean ${meanW}`);
  assert.ok(Math.abs(deviationW - 20) < 1, `deviation ${deviationW}`);
});

Deno.test("Household.cycle() swaps neighbours of one kind, as often as asked for", () => {
  const cycles = 4000;
  const all = run(household({ swapProbability: 0.1 }), cycles);
  const swapped = all.filter((each) => each.isSwapped).length;
  assert.ok(swapped > 0.08 * cycles && swapped < 0.1 * cycles, `${swapped} swapped`);
  for (const kind of ["power", "device-state"] as const) {
    const seconds = all.filter((each) => each.kind === kind).map((each) => each.event.timestamp);
    let inversions = 0;
    for (let index = 1; index < seconds.length; index++) {
      if (seconds[index]! > seconds[index - 1]!) continue;
      inversions++;
      assert.equal(seconds[index], seconds[index - 1]! - 1, "only neighbours are swapped");
    }
    assert.ok(inversions > 50, `${inversions} of ${kind}`);
  }
});

Deno.test("Household.cycle() loses and doubles nothing by swapping", () => {
  const inOrder = (publications: Publication[]) =>
    publications.map((each) => JSON.stringify(each.event)).sort();
  assert.deepEqual(
    inOrder(run(household({ swapProbability: 0.3 }), 500)),
    inOrder(run(household({ swapProbability: 0 }), 500)),
  );
});

Deno.test("Household.release() gives what is held back, once", () => {
  const model = household({ swapProbability: 1 });
  assert.ok(model.cycle(1).length < 2);
  assert.equal(model.release().length, 1);
  assert.equal(model.release().length, 0);
});

Deno.test("Household draws the same again for the same seed, another for another", () => {
  const options = { noiseW: 3, swapProbability: 0.1 };
  assert.deepEqual(run(household(options), 200), run(household(options), 200));
  assert.notDeepEqual(run(household(), 200), run(household({ seed: 2 }), 200));
});

Deno.test("Household draws what it publishes whatever the seconds and delays are", () => {
  const powers = (step: number) => {
    const model = household();
    return Array.from({ length: 100 }, (_, index) => {
      for (let delay = 0; delay < step; delay++) model.messageDelayMs();
      const [reading] = readings(model.cycle(index * step));
      return reading!.consumption;
    });
  };
  assert.deepEqual(powers(1), powers(7));
});

Deno.test("Household delays are 1 to 3 s between cycles and 1 to 100 ms between messages", () => {
  const model = household();
  for (let draw = 0; draw < 1000; draw++) {
    const cycleMs = model.cycleDelayMs();
    const messageMs = model.messageDelayMs();
    assert.ok(cycleMs >= 1000 && cycleMs < 3000);
    assert.ok(messageMs >= 1 && messageMs < 100);
  }
});

Deno.test("Household.cycle() refuses a second that is not after the last", () => {
  const model = household();
  model.cycle(10);
  for (const second of [10, 9, 10.5]) {
    assert.throws(() => model.cycle(second), (error) => hasCode(error, "invariant"));
  }
});

Deno.test("Household buys devices: longer bitmaps from then on, and watts that fit them", () => {
  const model = household({ newDeviceProbability: 0.5 });
  const before = model.devicesW.length;
  const all: Publication[] = [];
  for (let second = 0; second < 300; second++) {
    all.push(...model.cycle(second));
    const { stateBitmap, consumption } = model.drawn;
    const powerW = model.devicesW.reduce((sumW, w, at) => stateBitmap[at] ? sumW + w : sumW, 0);
    assert.equal(consumption, powerW);
  }
  const lengths = states(all).map(({ state_bitmap }) => state_bitmap.length);
  assert.ok(lengths.every((length, index) => index === 0 || length >= lengths[index - 1]!));
  assert.equal(lengths.at(-1), model.devicesW.length);
  assert.ok(model.devicesW.length > before + 3);
  assert.deepEqual(run(household({ newDeviceProbability: 0 }), 300), run(household(), 300));
});

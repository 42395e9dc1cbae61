/**
 * `deno run -A scripts/evaluate/hands/evaluate_hands.ts`: what it does to a model that a person's hands are late, and that the
 * console moves their flips back. Simulated homes, simulated hands, the console's own labelling, ten
 * minutes of labels, the model's own learning, and a test on what comes after. Same seeds, same figures.
 */
import { z } from "zod";
import type { TrainingDataset } from "../../../shared/events.ts";
import { flag } from "../../../shared/service/config.ts";
import { parseOrExplain } from "../../../shared/service/program.ts";
import { print } from "../../../shared/service/terminal.ts";
import { Labelling } from "../../../workers/console/label/labelling.ts";
import { Random } from "../../../workers/simulator/random.ts";
import { figuresOf } from "../figures.ts";
import { ours } from "../methods/ours.ts";
import { type Home, homeOf } from "./home.ts";

const LABELLED_S = 600;
const TEST_S = 1800;
const START_S = 1_000_000;
const SAID_EVERY_MS = 500;
const LOOKED_EVERY_MS = 250;
/** How long a reading takes to the console. */
const READING_MS = 300;
/** So far back the console looks. */
const KNOWN_MS = 15_000;

const config = z.strictObject({
  homes: flag.integer(1, 1000).prefault("40").describe("How many homes figures are means of"),
});

/** Which hands label: how late they are, and whether their flips are moved back. */
interface Hands {
  readonly name: string;
  readonly delayS: (random: Random) => number;
}

const HANDS: readonly Hands[] = [
  ...[0, 1, 2, 3, 4].map((delayS) => ({ name: `${delayS} s`, delayS: () => delayS })),
  { name: "0 to 4 s", delayS: (random) => random.between(0, 4) },
  { name: "1 to 4 s", delayS: (random) => random.between(1, 4) },
];

function main(): number {
  const parsed = parseOrExplain(
    { name: "hands", summary: "what late hands do to a model", config },
    { args: Deno.args, env: () => undefined },
  );
  if (typeof parsed === "number") return parsed;
  for (const readings of ["each second", "every 1 to 3 s"] as const) {
    const homes = Array.from(
      { length: parsed.config.homes },
      (_, seed) => homeOf(seed + 1, { startS: START_S, seconds: LABELLED_S + TEST_S, readings }),
    );
    print(
      `\nReadings ${readings}; micro-F1, mean of ${homes.length} homes (share of labels that are wrong)`,
    );
    print(`perfect labels: ${mean(homes.map((home) => judge(home, perfect(home))))}`);
    for (const hands of HANDS) {
      const parts = ["stay", "moved"].map((moving) => {
        const all = homes.map((home) => labelsBy(home, hands, moving === "moved"));
        const f1 = mean(homes.map((home, index) => judge(home, all[index]!)));
        const wrong = mean(homes.map((home, index) => wrongShare(home, all[index]!)));
        return `${moving} ${f1} (${wrong})`;
      });
      print(`${hands.name.padEnd(9)} ${parts.join("   ")}`);
    }
  }
  return 0;
}

function mean(values: readonly number[]): string {
  return (values.reduce((sum, value) => sum + value, 0) / values.length).toFixed(4);
}

/** By second, what is said of it. */
type Labels = ReadonlyMap<number, readonly boolean[]>;

function perfect({ states }: Home): Labels {
  return new Map(
    states.slice(0, LABELLED_S).map((state, index) => [START_S + index, state] as const),
  );
}

/** What the console publishes, said twice a second and looked at four times. */
function labelsBy(
  { seed, states, readings }: Home,
  hands: Hands,
  isMoved: boolean,
): Labels {
  const random = new Random(seed, "hands");
  const flips = flipsBy(states.slice(0, LABELLED_S), hands, random);
  const labelling = new Labelling(START_S * 1000);
  const labels = new Map<number, readonly boolean[]>();
  const vector = [...states[0]!];
  let [from, to] = [0, 0];
  for (let ms = 0; ms < (LABELLED_S + 10) * 1000; ms += LOOKED_EVERY_MS) {
    while (flips[0] !== undefined && flips[0].ms <= ms) {
      const { device, isOn } = flips.shift()!;
      vector[device] = isOn;
    }
    const nowMs = START_S * 1000 + ms;
    if (ms % SAID_EVERY_MS === 0) labelling.say([...vector], nowMs);
    while (readings[to] && readings[to]![0] * 1000 + READING_MS <= nowMs) to++;
    while (readings[from]![0] * 1000 <= nowMs - KNOWN_MS) from++;
    const known = isMoved ? readings.slice(from, to) : [];
    for (const { second, vector } of labelling.due(nowMs, known)) {
      if (second < START_S + LABELLED_S) labels.set(second, vector);
    }
  }
  return labels;
}

/** Flips as hands make them, in order; of one device none before the one that it follows. */
function flipsBy(states: Home["states"], { delayS }: Hands, random: Random) {
  const flips: { ms: number; device: number; isOn: boolean }[] = [];
  const lastMs = states[0]!.map(() => 0);
  for (let second = 1; second < states.length; second++) {
    states[second]!.forEach((isOn, device) => {
      if (isOn === states[second - 1]![device]) return;
      const ms = Math.max(lastMs[device]! + 1, second * 1000 + 1000 * delayS(random));
      lastMs[device] = ms;
      flips.push({ ms, device, isOn });
    });
  }
  return flips.sort((a, b) => a.ms - b.ms);
}

/** Of the labels that meet a reading, device by device. */
function wrongShare({ states, readings }: Home, labels: Labels): number {
  let [wrong, all] = [0, 0];
  for (const [second] of readings) {
    const label = labels.get(second);
    if (label === undefined) continue;
    label.forEach((isOn, device) => {
      all++;
      if (isOn !== states[second - START_S]![device]) wrong++;
    });
  }
  return wrong / all;
}

/** Micro-F1 on what comes after the labels. */
function judge(home: Home, labels: Labels): number {
  const { states, devicesW } = home;
  const fused = home.readings.filter(([second]) => labels.has(second));
  const dataset: TrainingDataset = {
    ...{ client_id: "home", username: "hands" },
    ...{ session_start: fused[0]![0], session_end: fused.at(-1)![0] },
    timestamps: fused.map(([second]) => second),
    consumption: fused.map(([, watts]) => watts),
    state_bitmaps: fused.map(([second]) => [...labels.get(second)!]),
  };
  const test = home.readings.filter(([second]) => second >= START_S + LABELLED_S);
  const timestamps = Int32Array.from(test, ([second]) => second);
  const powerW = Float64Array.from(test, ([, watts]) => watts);
  const samples = {
    ...{
      household: "home",
      devices: devicesW.map((_, index) => String(index)),
      stepS: 1,
      paceS: 1,
    },
    ...{ timestamps, powerW, devicesW: undefined },
    states: test.map(([second]) => states[second - START_S]!),
  };
  return figuresOf(samples, 0, ours.estimate([dataset], { timestamps, powerW })!).micro_f1;
}

if (import.meta.main) Deno.exit(main());

/**
 * Whatever comes on its topics, and whatever stands in its file: the gateway lives, counts each message
 * once for each source, and makes no reading of what is none. `WATTSTREAM_FUZZ_MESSAGES=100000` is the
 * full size, `WATTSTREAM_FUZZ_SEED` repeats a run.
 */
import assert from "node:assert/strict";
import { hasCode } from "../../shared/errors.ts";
import { heapMB } from "../../shared/testing/heap.ts";
import { seededRandom } from "../../shared/testing/seeded_random.ts";
import { Gateway } from "./gateway.ts";
import { type Notation, parseHouseholds } from "./households/file.ts";
import { PARAMETERS, PRESETS } from "./households/presets.ts";
import { OUTCOMES } from "./metrics.ts";

const MESSAGES = Number(Deno.env.get("WATTSTREAM_FUZZ_MESSAGES") ?? 5000);
const FILES = Math.ceil(MESSAGES / 10);
const SEED = Number(Deno.env.get("WATTSTREAM_FUZZ_SEED") ?? Date.now() % 1e9);
const HEAP_GROWTH_MB_MAX = 5;

const random = seededRandom(SEED);
const pick = <T>(values: readonly T[]): T => values[Math.floor(random() * values.length)]!;
const encoder = new TextEncoder();

const ODD = [
  ...["null", "nan", "1e400", "-0", "{}", "[]", "[[[]]]", '""', "true", "0x10", "\u0000", "99"],
  ...[
    "[".repeat(5000),
    '{"ENERGY":{"Power":[1,null,"x"]}}',
    '{"power":{"$sum":1}}',
    "é",
    "\ufeff1",
  ],
  ...['{"__proto__":{"power":5}}', '{"constructor":1}', "1970-01-01T00:00:00", "offline", "ON"],
];
const SEEDS = [
  '{"Time":"2026-09-21T14:13:20","ENERGY":{"Power":231}}',
  '{"method":"NotifyStatus","params":{"ts":1790000000.2,"switch:0":{"apower":61.4,"output":true}}}',
  '{"power":276,"state":"ON","last_seen":1790000000000}',
  '{"electricity_currently_delivered":"0.345","electricity_currently_returned":"0.000"}',
  '{"id":"ams","t":1790000000,"data":{"P":1500,"PO":0}}',
  '{"electricitymeter":{"timestamp":"2026-09-21T14:13:20Z","power":{"value":0.623}}}',
  "231.5",
];

const RIGHT_FILES: readonly [Notation, string][] = [
  [
    "yaml",
    `households:
  - user: anna
    client_id: flat-1
    power: { preset: sml, topic: m, entity: a, unit: kW, sign: -1 }
    devices: [{ name: TV, topic: tv, watts: "$sum(a.b)", max-age: 1m }]
`,
  ],
  [
    "toml",
    `[[households]]
user = "anna"
client_id = "flat-1"
power = { preset = "sml", topic = "m", entity = "a", unit = "kW", sign = -1 }
[[households.devices]]
name = "TV"
topic = "tv"
watts = "$sum(a.b)"
max-age = "1m"
`,
  ],
];

/** A household for each preset, once as its meter and once as its device where it can be both. */
function everyPreset(): string {
  const households = Object.entries(PRESETS).map(([preset, { parameters }], index) => {
    const given = Object.fromEntries(
      PARAMETERS.filter((name) => parameters && name in parameters).map((name) => [name, "a"]),
    );
    const source = { preset, topic: "t", ...given };
    const hasWatts = PRESETS[preset]!.messages.some(({ watts }) => watts !== undefined);
    const isMeterAlone = PRESETS[preset]!.messages.some(({ part }) => part !== undefined);
    return {
      user: "anna",
      client_id: `home-${index}`,
      power: hasWatts ? source : { topic: "t", watts: "$" },
      devices: isMeterAlone ? [] : [{ name: "it", ...source }],
    };
  });
  return JSON.stringify({ households });
}

function mutated(text: string): Uint8Array {
  const bytes = encoder.encode(text);
  const dice = random();
  if (dice < 0.3) return bytes;
  if (dice < 0.5) return bytes.subarray(0, Math.floor(random() * bytes.length));
  for (let flips = 1 + Math.floor(random() * 4); flips > 0; flips--) {
    bytes[Math.floor(random() * bytes.length)] = Math.floor(random() * 256);
  }
  return bytes;
}

Deno.test(`Gateway accounts for each of ${MESSAGES} mutated messages, seed ${SEED}`, async () => {
  let outcomes = 0;
  const gateway = new Gateway(parseHouseholds(everyPreset()), {
    ...{ offsets: {}, lastSeconds: {}, onOffset: () => {} },
    onOutcome: (outcome) => {
      assert.ok(OUTCOMES.includes(outcome));
      outcomes++;
    },
  });
  const listeners = new Map<string, number>();
  for (const { topics } of gateway.figures) {
    for (const topic of topics) listeners.set(topic, (listeners.get(topic) ?? 0) + 1);
  }
  const topics = [...gateway.topics, "nobody/listens"];
  let [nowMs, expected] = [1_790_000_000_000, 0];
  let warmMB = Infinity;
  for (let index = 0; index < MESSAGES; index++) {
    const topic = pick(topics);
    expected += listeners.get(topic) ?? 0;
    const payload = mutated(random() < 0.5 ? pick(ODD) : pick(SEEDS));
    const [retained, isKept] = [random() < 0.1, random() < 0.1];
    nowMs += Math.floor(random() * 300);
    await gateway.take({ topic, payload, arrivedMs: nowMs, retained, isKept });
    for (const { event: { event } } of gateway.due(nowMs)) {
      const { consumption, state_bitmap, timestamp } = event as Record<string, unknown>;
      assert.ok(Number.isFinite(consumption) || Array.isArray(state_bitmap));
      assert.ok(Number.isInteger(timestamp) && (timestamp as number) <= nowMs / 1000 + 2);
    }
    if (index === Math.floor(MESSAGES / 2)) warmMB = heapMB();
  }
  assert.equal(outcomes, expected);
  const growthMB = heapMB() - warmMB;
  assert.ok(growthMB < HEAP_GROWTH_MB_MAX, `the heap grew by ${growthMB} MB`);
});

Deno.test(`parseHouseholds() refuses or reads each of ${FILES} mutated files, seed ${SEED}`, () => {
  let [readCount, refusedCount, warmMB] = [0, 0, Infinity];
  for (let index = 0; index < FILES; index++) {
    const [notation, right] = pick(RIGHT_FILES);
    const text = new TextDecoder().decode(mutated(right));
    try {
      parseHouseholds(text, notation);
      readCount++;
    } catch (error) {
      refusedCount++;
      assert.ok(hasCode(error, "config"), `${text}\n${error}`);
      for (const line of error.message.split("\n")) assert.match(line, /^(\d+:\d+ |\s|$)/, text);
    }
    if (index === Math.floor(FILES / 2)) warmMB = heapMB();
  }
  assert.ok(readCount > FILES / 4 && refusedCount > FILES / 4, `${readCount}, ${refusedCount}`);
  const growthMB = heapMB() - warmMB;
  assert.ok(growthMB < HEAP_GROWTH_MB_MAX, `the heap grew by ${growthMB} MB`);
});

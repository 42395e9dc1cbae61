/**
 * Whatever stands in a recording: it is read or refused with its path, each of its rows is one sample
 * or one of what was mended, and nothing of it stays in memory. `WATTSTREAM_FUZZ_MESSAGES=100000` is
 * the full size in lines, `WATTSTREAM_FUZZ_SEED` repeats a run.
 */
import assert from "node:assert/strict";
import { hasCode } from "../../../shared/errors.ts";
import { heapMB } from "../../../shared/testing/heap.ts";
import { seededRandom } from "../../../shared/testing/seeded_random.ts";
import { openRecordings } from "./open.ts";
import { Playback } from "./playback.ts";
import { withFiles } from "./testing/recording_files.ts";

const LINES = Number(Deno.env.get("WATTSTREAM_FUZZ_MESSAGES") ?? 5000);
const SEED = Number(Deno.env.get("WATTSTREAM_FUZZ_SEED") ?? Date.now() % 1e9);
const FILE_LINES = 25;
const FILES = Math.ceil(LINES / FILE_LINES);
const HEAP_GROWTH_MB_MAX = 5;

const random = seededRandom(SEED);
const pick = <T>(values: readonly T[]): T => values[Math.floor(random() * values.length)]!;

const HEADINGS = [
  "timestamp,total_power_w,lamp_on",
  "Time;Power;fridge_w",
  "Unix\tAggregate\tAppliance1",
];
const ODD = [
  ...["", ",", ";;", '"', '"""', "nan", "null", "-", "1e400", "Infinity", "0x10", "true", "ON"],
  ...[
    "1970-01-01T00:00:00",
    "31.02.2026 00:00",
    "9999999999",
    "\u0000",
    "é",
    "\ufeff",
    "\r",
    "1,5",
  ],
];

function textOf(lines: number): string {
  const heading = pick(HEADINGS);
  const separator = /[,;\t]/.exec(heading)![0];
  const startS = 1_790_000_000 + Math.floor(random() * 1e6);
  const rows = Array.from({ length: lines }, (_, index) => {
    const second = startS + index - (random() < 0.1 ? Math.floor(random() * 4000) : 0);
    const time = heading.startsWith("Unix")
      ? String(second)
      : new Date(second * 1000).toISOString().slice(0, 19);
    const watts = random() < 0.05 ? pick(["", "nan"]) : String(Math.floor(random() * 3000));
    return [time, watts, heading.includes("_on") ? pick(["0", "1"]) : watts].join(separator);
  });
  return [heading, ...rows].join("\n");
}

/** A third of the files as they are, which mending has enough to do with. */
function mutated(text: string): string {
  const dice = random();
  if (dice < 0.35) return text;
  if (dice < 0.45) return text.slice(0, Math.floor(random() * text.length));
  const characters = [...text];
  for (let count = 1 + Math.floor(random() * 3); count > 0; count--) {
    const at = Math.floor(random() * characters.length);
    characters.splice(at, Math.floor(random() * 3), pick(ODD));
  }
  return characters.join("");
}

/** @param warmMB what was reachable half way. */
function assertFlat(warmMB: number): void {
  const growthMB = heapMB() - warmMB;
  assert.ok(growthMB < HEAP_GROWTH_MB_MAX, `the heap grew by ${growthMB} MB`);
}

Deno.test(`recordings account for each of ${LINES} mutated lines, seed ${SEED}`, async () => {
  let [readCount, refusedCount, warmMB] = [0, 0, Infinity];
  for (let file = 0; file < FILES; file++) {
    const text = mutated(textOf(FILE_LINES));
    await withFiles({ "home.csv": text }, async (folder) => {
      const path = `${folder}/home.csv`;
      try {
        const [recording] = await openRecordings([path], { onThreshold: 10 });
        const rows = await Array.fromAsync(recording!.rows());
        const options = { fromS: 0, strict: false, resample: "none" } as const;
        const { samples, mended } = await new Playback(recording!, options).survey();
        const { missing, duplicate, stray } = mended;
        assert.equal(samples + missing + duplicate + stray, rows.length, text);
        readCount++;
      } catch (error) {
        if (!hasCode(error, "config")) throw new Error(`${JSON.stringify(text)}: ${error}`);
        assert.ok(error.message.startsWith(path), error.message);
        refusedCount++;
      }
    });
    if (file === Math.floor(FILES / 2)) warmMB = heapMB();
  }
  assertFlat(warmMB);
  assert.ok(readCount > FILES / 4, `${readCount} files were read`);
  assert.ok(refusedCount > 0);
});

Deno.test(`channels account for each of ${LINES} mutated lines, seed ${SEED}`, async () => {
  let warmMB = Infinity;
  for (let file = 0; file < FILES; file++) {
    const rows = Array.from(
      { length: FILE_LINES },
      (_, index) => `${1_790_000_000 + index} ${Math.floor(random() * 3000)}`,
    );
    const [mains, kettle] = [mutated(rows.join("\n")), mutated(rows.join("\n"))];
    const files = {
      "house_1/labels.dat": "1 mains\n2 kettle\n",
      "house_1/channel_1.dat": mains,
      "house_1/channel_2.dat": kettle,
    };
    await withFiles(files, async (folder) => {
      try {
        const [recording] = await openRecordings([`${folder}/house_1`], { onThreshold: 10 });
        const rows = await Array.fromAsync(recording!.rows());
        assert.ok(
          rows.every(({ fileS, powerW }) =>
            Number.isInteger(fileS) && (powerW === undefined || Number.isFinite(powerW))
          ),
        );
      } catch (error) {
        if (!hasCode(error, "config")) throw new Error(`${JSON.stringify(files)}: ${error}`);
        assert.match(error.message, /channel_[12]\.dat, line \d+: expected/);
      }
    });
    if (file === Math.floor(FILES / 2)) warmMB = heapMB();
  }
  assertFlat(warmMB);
});

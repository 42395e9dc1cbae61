import assert from "node:assert/strict";
import { gzipSync } from "node:zlib";
import { hasCode } from "../../shared/errors.ts";
import { householdOf, readReplayFile, type Sample, type Stretch } from "./replay_file.ts";

const whole: Stretch = { fromS: 0, limitS: undefined };
const header = "timestamp,total_power_w,kettle_w,kettle_on,lamp_on";

async function read(text: string, stretch: Stretch = whole): Promise<Sample[]> {
  const path = await Deno.makeTempFile({ suffix: ".csv" });
  try {
    await Deno.writeTextFile(path, text);
    return await readReplayFile(path, stretch);
  } finally {
    await Deno.remove(path);
  }
}

Deno.test("readReplayFile() reads time, power and states, exactly", async () => {
  const samples = await read(
    `${header}\n1970-01-02T00:00:00,8.4,0.0,0,1\n1970-01-02 00:00:01,-0.25,2000,1,0\n`,
  );
  assert.deepEqual(samples, [
    { fileS: 86_400, powerW: 8.4, stateBitmap: [false, true] },
    { fileS: 86_401, powerW: -0.25, stateBitmap: [true, false] },
  ]);
});

Deno.test("readReplayFile() takes a byte order mark, CRLF and columns in any order", async () => {
  const samples = await read(
    "\ufefflamp_on,total_power_w,timestamp\r\n1,5,1970-01-01T00:00:07\r\n",
  );
  assert.deepEqual(samples, [{ fileS: 7, powerW: 5, stateBitmap: [true] }]);
});

Deno.test("readReplayFile() takes what spreadsheets and loggers write", async () => {
  const samples = await read("total_power_w;lamp_on;timestamp\n1,5;true;1772366400123\n");
  assert.deepEqual(samples, [{ fileS: 1_772_366_400, powerW: 1.5, stateBitmap: [true] }]);
});

Deno.test("readReplayFile() unpacks a file that is called .gz, and says of one that is damaged", async () => {
  const path = await Deno.makeTempFile({ suffix: ".csv.gz" });
  const rows = Array.from({ length: 5000 }, (_, second) => `${1_772_366_400 + second};${second}`);
  const packed = gzipSync(["timestamp;total_power_w", ...rows].join("\n"));
  try {
    await Deno.writeFile(path, packed);
    const samples = await readReplayFile(path, whole);
    assert.deepEqual(samples.map(({ powerW }) => powerW), Array.from(rows.keys()));
    assert.equal((await readReplayFile(path, { fromS: 0, limitS: 3 })).length, 3);
    await Deno.writeFile(path, packed.subarray(0, packed.length / 2));
    await assert.rejects(readReplayFile(path, whole), { code: "config" });
  } finally {
    await Deno.remove(path);
  }
  assert.equal(householdOf("/a/house-1.csv.gz"), "house-1");
});

Deno.test("readReplayFile() has no states where the file has none", async () => {
  const [sample] = await read("timestamp,total_power_w\n1970-01-01T00:00:00,1\n");
  assert.deepEqual(sample!.stateBitmap, []);
});

Deno.test("readReplayFile() takes the stretch [from, from + limit)", async () => {
  const rows = Array.from({ length: 10 }, (_, second) => `1970-01-01T00:00:0${second},1,0,0,0`);
  const text = [header, ...rows].join("\n");
  const seconds = async (stretch: Stretch) => (await read(text, stretch)).map((s) => s.fileS);
  assert.deepEqual(await seconds({ fromS: 7, limitS: undefined }), [7, 8, 9]);
  assert.deepEqual(await seconds({ fromS: 2, limitS: 3 }), [2, 3, 4]);
  assert.deepEqual(await seconds({ fromS: 9, limitS: 100 }), [9]);
});

Deno.test("readReplayFile() names file, line and column of what is wrong", async () => {
  const good = "1970-01-01T00:00:05,1,0,0,0";
  const refusals: [string, RegExp][] = [
    ["", /\.csv, line 1: expected a header, the file is empty/],
    [header, /\.csv, line 2: expected a sample/],
    ["time,total_power_w\n", /\.csv, line 1: expected a column timestamp/],
    ["timestamp,power\n", /\.csv, line 1: expected a column total_power_w/],
    [`${header}\n${good}\n1970-01-01T00:00:06,x,0,0,0`, /line 3, column total_power_w.*got "x"/],
    [`${header}\n1970-01-01T00:00:06,,0,0,0`, /line 2, column total_power_w.*got ""/],
    [`${header}\n1970-01-01T00:00:06,Infinity,0,0,0`, /column total_power_w.*got "Infinity"/],
    [
      `${header}\n1970-01-01T00:00:06,1,0,2,0`,
      /line 2, column kettle_on: expected 0 or 1, got "2"/,
    ],
    [`${header}\n1970-02-30T00:00:06,1,0,0,0`, /line 2, column timestamp: expected YYYY/],
    [`${header}\n06.01.1970 00:00:06,1,0,0,0`, /line 2, column timestamp: expected YYYY/],
    [`${header}\n${good}\n${good}`, /line 3, column timestamp: expected a time after/],
    [`${header}\n${good}\n1970-01-01T00:00:06,1,0\n`, /\.csv, line 3: Invalid Record Length/],
    [`${header}\n${good}\n"1970`, /\.csv, line 3: Quote Not Closed/],
    [`timestamp,total_power_w,${Array.from({ length: 257 }, (_, i) => `d${i}_on`)}`, /at most 256/],
  ];
  for (const [text, expected] of refusals) {
    await assert.rejects(read(text), (error) => {
      assert.ok(hasCode(error, "config"), String(error));
      assert.match(error.message, expected);
      return true;
    });
  }
});

Deno.test("readReplayFile() says which stretch is empty", async () => {
  await assert.rejects(
    read(`${header}\n1970-01-01T00:00:05,1,0,0,0`, { fromS: 60, limitS: 10 }),
    /--replay-from 60s --replay-limit 10s has no sample/,
  );
});

Deno.test("readReplayFile() names a file that is not there", async () => {
  await assert.rejects(
    readReplayFile("/nowhere/x.csv", whole),
    (error) => hasCode(error, "config") && /\/nowhere\/x\.csv.*ENOENT/.test(error.message),
  );
});

Deno.test("householdOf() is the file's name", () => {
  assert.equal(householdOf("/a/b/lab3_mains_1hz_train.csv"), "lab3_mains_1hz_train");
});

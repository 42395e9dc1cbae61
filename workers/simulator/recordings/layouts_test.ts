/** Public datasets as their authors publish them, in small: the layouts, not their values. */
import assert from "node:assert/strict";
import { parquetWriteBuffer } from "hyparquet-writer";
import { readRecordings, withFiles } from "./testing/recording_files.ts";

const START_S = 1_303_132_929;

function dat(rows: readonly (readonly [second: number, watts: number | string])[]): string {
  return rows.map(([second, watts]) => `${START_S + second} ${watts}\n`).join("");
}

/** Each sample shortly: `second watts states`. */
function shortly(
  { samples }: Awaited<ReturnType<typeof readRecordings>>[number],
  startS = START_S,
): string[] {
  return samples.map(({ fileS, powerW, stateBitmap }) =>
    `${fileS - startS} ${powerW} ${stateBitmap.map(Number).join("")}`.trim()
  );
}

const REDD_HOUSE = {
  "labels.dat": "1 mains\n2 mains\n3 lighting\n4 refrigerator\n5 lighting\n",
  "channel_1.dat": dat([[0, 100.5], [1, 101], [2, 102], [90, 103]]),
  "channel_2.dat": dat([[0, 50], [1, 51], [2, 52], [90, 53]]),
  "channel_3.dat": dat([[0, 64], [2, 0]]),
  "channel_4.dat": dat([[1, 6], [2, 190]]),
  "channel_5.dat": dat([[-5, 11], [2, 12], [80, 13]]),
  "channel_1.txt": "something else",
};

Deno.test("openHouse() adds REDD's mains, and labels where every device has spoken lately", async () => {
  const files = Object.fromEntries(
    Object.entries(REDD_HOUSE).map(([name, text]) => [`low_freq/house_1/${name}`, text]),
  );
  await withFiles({ ...files, "low_freq/readme.txt.bak": "" }, async (folder) => {
    const [house, ...others] = await readRecordings([`${folder}/low_freq/`]);
    assert.deepEqual(others, []);
    assert.equal(house!.household, "house_1");
    assert.deepEqual(house!.taken, {
      power: ["channel_1.dat", "channel_2.dat"],
      devices: ["lighting (watts)", "refrigerator (watts)", "lighting_2 (watts)"],
    });
    assert.deepEqual(house!.devices, ["lighting", "refrigerator", "lighting_2"]);
    assert.deepEqual(shortly(house!), ["0 150.5", "1 152 101", "2 154 011", "90 156"]);
    const chosen = { deviceColumns: ["lighting_2", "lighting"] };
    const [two] = await readRecordings([`${folder}/low_freq/house_1`], chosen);
    assert.deepEqual(shortly(two!), ["0 150.5 11", "1 152 11", "2 154 10", "90 156"]);
    await assert.rejects(
      readRecordings([`${folder}/low_freq`], { deviceColumns: ["oven"] }),
      /--device-columns to be some of lighting, refrigerator, lighting_2, got oven/,
    );
  });
});

Deno.test("openRecordings() takes every house of UK-DALE, with one aggregate each", async () => {
  const house = (watts: number) => ({
    "labels.dat": "1 aggregate\n2 kettle\n",
    "channel_1.dat": dat([[0, watts], [6, watts + 1], [6, 9]]),
    "channel_2.dat": dat([[1, 2400]]),
    "channel_2_button_press.dat": dat([[1, 1]]),
  });
  const files = [1, 2, 10].flatMap((number) =>
    Object.entries(house(number * 100)).map(([name, text]) => [`house_${number}/${name}`, text])
  );
  await withFiles(Object.fromEntries(files), async (folder) => {
    const houses = await readRecordings([folder]);
    assert.deepEqual(houses.map(({ household }) => household), ["house_1", "house_2", "house_10"]);
    assert.deepEqual(shortly(houses[2]!), ["0 1000", "6 1001 1"]);
    assert.equal(houses[2]!.survey.mended.duplicate, 1);
    const twice = await readRecordings([`${folder}/house_1`, `${folder}/house_1`]);
    assert.deepEqual(twice.map(({ household }) => household), ["house_1", "house_1-2"]);
  });
});

Deno.test("openHouse() says which line of a channel is wrong, and where the mains are missing", async () => {
  const files = {
    "house_1/labels.dat": "1 mains\n",
    "house_1/channel_1.dat": `${dat([[0, 1]])}oops\n`,
    "house_2/labels.dat": "1 kettle\n",
    "house_2/channel_1.dat": dat([[0, 1]]),
    "empty/readme.md": "",
  };
  await withFiles(files, async (folder) => {
    await assert.rejects(
      readRecordings([`${folder}/house_1`]),
      /channel_1\.dat, line 2: expected Unix seconds and watts, got "oops "/,
    );
    await assert.rejects(readRecordings([`${folder}/house_2`]), /labels\.dat calls mains/);
    await assert.rejects(
      readRecordings([`${folder}/empty`]),
      /expected \.csv .* it has readme\.md/,
    );
    await assert.rejects(readRecordings([`${folder}/none`]), { code: "config" });
  });
});

Deno.test("openHouse() reads iAWE's numbered tables", async () => {
  const table = (rows: string) => `timestamp,W,VAR,VA,f,VLN,PF,A\n${rows}`;
  const files = {
    "electricity/1.csv": table(
      `${START_S},200,1,1,50,230,1,1\n${START_S + 1},201,1,1,50,230,1,1\n`,
    ),
    "electricity/2.csv": table(`${START_S},20,1,1,50,230,1,1\n${START_S + 1},NaN,1,1,50,230,1,1\n`),
    "electricity/3.csv": table(`${START_S},90,1,1,50,230,1,1\n`),
  };
  await withFiles(files, async (folder) => {
    const [house] = await readRecordings([`${folder}/electricity`]);
    assert.deepEqual(shortly(house!), ["0 220 1"]);
    assert.equal(house!.survey.mended.missing, 1);
  });
});

Deno.test("openEco() reads ECO's days, a line a second, with its plugs", async () => {
  const meter = (watts: number) => `${watts}${",0".repeat(15)}\n`;
  const files = {
    "04_sm_csv/04/2012-06-28.csv": meter(300) + meter(301),
    "04_sm_csv/04/2012-06-27.csv": meter(100) + meter(-1) + meter(102),
    "04_plugs_csv/01/2012-06-27.csv": "50\n-1\n0\n",
    "04_plugs_csv/02/2012-06-27.csv": "0\n0\n70\n",
  };
  await withFiles(files, async (folder) => {
    const [house] = await readRecordings([folder]);
    assert.equal(house!.household, "eco_04");
    assert.deepEqual(house!.devices, ["plug_01", "plug_02"]);
    const startS = Date.UTC(2012, 5, 27) / 1000;
    assert.deepEqual(shortly(house!, startS), ["0 100 10", "2 102 01", "86400 300", "86401 301"]);
  });
});

Deno.test("openParquet() reads what pandas writes: times, numbers, booleans, nothing", async () => {
  const rows = 120;
  const seconds = Array.from({ length: rows }, (_, second) => second);
  const file = parquetWriteBuffer({
    columnData: [
      { name: "time", data: seconds.map((each) => new Date((START_S + each) * 1000)) },
      { name: "power", data: seconds.map((each) => each === 7 ? null : each / 2), type: "DOUBLE" },
      { name: "lamp_on", data: seconds.map((each) => each % 2 === 0), type: "BOOLEAN" },
    ],
    rowGroupSize: 50,
  });
  await withFiles(
    { "home.parquet": new Uint8Array(file), "bad.parquet": "PAR1" },
    async (folder) => {
      const [home] = await readRecordings([`${folder}/home.parquet`]);
      const expected = seconds.filter((each) => each !== 7)
        .map((each) => `${each} ${each / 2} ${each % 2 === 0 ? 1 : 0}`);
      assert.deepEqual(shortly(home!), expected);
      assert.equal(home!.survey.mended.missing, 1);
      await assert.rejects(readRecordings([`${folder}/bad.parquet`]), { code: "config" });
    },
  );
});

Deno.test("openCsv() reads DRED's table with its heading of three lines", async () => {
  const file = [
    ",power,power,power,power",
    ",mains,television,unknown,washing machine",
    "Timestamp,,,,",
    "2015-07-05 00:00:07.250000+02:00,120.5,0.0,3.0,1900.0",
    "2015-07-05 00:00:08.250000+02:00,121.0,50.5,3.0,0.0",
    "2015-07-05 00:00:09.250000+02:00,122.0,,3.0,0.0",
  ].join("\n");
  await withFiles({ "dred/All_data.csv": file }, async (folder) => {
    const [home] = await readRecordings([`${folder}/dred`]);
    assert.deepEqual(home!.taken, {
      ...{ time: "", power: "mains" },
      devices: ["television (watts)", "washing machine (watts)"],
    });
    const startS = Date.UTC(2015, 6, 4, 22) / 1000;
    assert.deepEqual(shortly(home!, startS), ["7 120.5 01", "8 121 10", "9 122"]);
    const [one] = await readRecordings([`${folder}/dred`], { deviceColumns: ["unknown"] });
    assert.deepEqual(shortly(one!, startS), ["7 120.5 0", "8 121 0", "9 122 0"]);
  });
});

Deno.test("openCsv() takes a first row that is wrong for no heading", async () => {
  for (const row of ["oops,1", "oops,nan"]) {
    const text = `timestamp,power\n${row}\n1772366400,5\n`;
    await assert.rejects(
      withFiles({ "a.csv": text }, (folder) => readRecordings([`${folder}/a.csv`])),
      /line 2, column timestamp: expected/,
    );
  }
});

Deno.test("openEnertalk() reads ENERTALK's days, the first of fifteen rows a second", async () => {
  const startMs = Date.UTC(2016, 10, 1);
  const file = (watts: readonly number[], dayMs = 0) => {
    const rows = watts.flatMap((each, second) =>
      [0, 1, 2].map((part) => ({
        ms: startMs + dayMs + second * 1000 + part * 66,
        watts: each + part,
      }))
    );
    return new Uint8Array(parquetWriteBuffer({
      columnData: [
        { name: "timestamp", data: rows.map(({ ms }) => BigInt(ms)), type: "INT64" },
        { name: "active_power", data: rows.map(({ watts }) => watts), type: "DOUBLE" },
        { name: "reactive_power", data: rows.map(() => 1), type: "DOUBLE" },
      ],
    }));
  };
  const dayMs = 86_400_000;
  const files = {
    "00/20161102/00_total.parquet.gzip": file([500, 501], dayMs),
    "00/20161102/01_fridge.parquet.gzip": file([70, 0], dayMs),
    "00/20161101/00_total.parquet.gzip": file([300, 301, 302]),
    "00/20161101/01_fridge.parquet.gzip": file([90, 0]),
    "00/20161101/02_rice-cooker.parquet.gzip": file([0, 800]),
    "00/20161101/03_fridge.parquet.gzip": file([0, 0]),
    "01/20161101/00_total.parquet.gzip": file([7]),
    "02/20161101/01_tv.parquet.gzip": file([7]),
    "notes/readme.md": "",
  };
  await withFiles(files, async (folder) => {
    const choice = { deviceColumns: ["01_fridge", "rice-cooker"] };
    const [house] = await readRecordings([`${folder}/00`], choice);
    assert.equal(house!.household, "enertalk_00");
    assert.deepEqual(house!.devices, ["01_fridge", "rice-cooker"]);
    assert.deepEqual(shortly(house!, startMs / 1000), [
      ...["0 300 10", "1 301 01", "2 302 01"],
      // The rice cooker's meter is gone.
      ...["86400 500", "86401 501"],
    ]);
    assert.equal(house!.survey.mended.duplicate, 0);
    await assert.rejects(readRecordings([folder]), /02: expected 00_total\.parquet\.gzip/);
    await Deno.remove(`${folder}/02`, { recursive: true });
    const houses = await readRecordings([folder]);
    assert.deepEqual(houses.map(({ household, taken }) => [household, taken.devices]), [
      ["enertalk_00", ["01_fridge (watts)", "rice-cooker (watts)", "03_fridge (watts)"]],
      ["enertalk_01", []],
    ]);
  });
});

Deno.test("openRecordings() takes paths with commas in them, beside others", async () => {
  const csv = "timestamp,power\n1772366400,7\n";
  await withFiles(
    { "a.csv": csv, "Küche, links, 1.csv": csv, "b,c/d.csv": csv },
    async (folder) => {
      const paths = ["a.csv", "Küche, links, 1.csv", "b,c/", "a.csv"].map((each) =>
        `${folder}/${each}`
      );
      const found = await readRecordings(paths.join(",").split(","));
      assert.deepEqual(found.map(({ household }) => household), [
        ...["a", "Küche, links, 1", "d", "a-2"],
      ]);
    },
  );
});

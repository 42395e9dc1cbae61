import assert from "node:assert/strict";
import { gzipSync, zstdCompressSync } from "node:zlib";
import { hasCode } from "../../../shared/errors.ts";
import { householdOf } from "./csv.ts";
import { readCsv, type ReadOptions, readRecordings, withFiles } from "./testing/recording_files.ts";

const header = "timestamp,total_power_w,kettle_w,kettle_on,lamp_on";

/** The samples as short texts: `second watts states`. */
async function shortly(text: string | Uint8Array, options: ReadOptions = {}): Promise<string[]> {
  return (await readCsv(text, options)).samples.map(({ fileS, powerW, stateBitmap }) =>
    `${fileS} ${powerW} ${stateBitmap.map(Number).join("")}`.trim()
  );
}

Deno.test("openCsv() reads time, power and states, exactly", async () => {
  const text = `${header}\n1970-01-02T00:00:00,8.4,0.0,0,1\n1970-01-02 00:00:01,-0.25,2000,1,0\n`;
  const { samples, taken } = await readCsv(text);
  assert.deepEqual(samples, [
    { fileS: 86_400, powerW: 8.4, stateBitmap: [false, true] },
    { fileS: 86_401, powerW: -0.25, stateBitmap: [true, false] },
  ]);
  const devices = ["kettle_on", "lamp_on"];
  assert.deepEqual(taken, { time: "timestamp", power: "total_power_w", devices });
});

Deno.test("openCsv() takes what pandas, spreadsheets and loggers write", async () => {
  const wide = new Uint8Array(
    new Uint16Array(
      Array.from("\ufeffDatum\tLeistung\n01.03.2026 12:00\t1,5\n", (each) => each.charCodeAt(0)),
    ).buffer,
  );
  const notations: [text: string | Uint8Array, sample: string][] = [
    ["\ufefflamp_on,total_power_w,timestamp\r\n1,5,1970-01-01T00:00:07\r\n", "7 5 1"],
    ["total_power_w;lamp_on;timestamp\n1,5;true;1772366400123\n", "1772366400 1.5 1"],
    [",mains\n2026-03-01 12:00:00+00:00,7.0\n", "1772366400 7"],
    ["Date Time,Active Power\n2026/03/01 12:00,7\n", "1772366400 7"],
    ['"Time","Watts"\n"2026-03-01 12:00:00 UTC","7"\n', "1772366400 7"],
    [wide, "1772366400 1.5"],
    ["Datum;Uhrzeit;Leistung\n01.03.2026;12:00:00;1.230,5\n", "1772366400 1230.5"],
    ["Date/Time,Total Power (kW),kettle_on\n03/13/2026 01:00:00 PM,0.23,1\n", "1773406800 230 1"],
    ["Horodatage;Puissance (kW)\n01/03/2026 12:00:00;0,23\n", "1772366400 230"],
    [
      "#group,false,false\n,result,table,_time,_value\n,,0,2026-03-01T12:00:00Z,7\n",
      "1772366400 7",
    ],
    [
      "#group,false,false,true,true\n#datatype,string,long,dateTime:RFC3339,double\n" +
      "#default,_result,,,\n,result,table,_time,_value\n,,0,2026-03-01T12:00:00Z,7\n",
      "1772366400 7",
    ],
    ["#Datum;Uhrzeit;Leistung\n01.03.2026;12:00:00;7\n", "1772366400 7"],
    // A household of UCI's repository.
    ["Date;Time;Global_active_power\n1/3/2026;12:00:00;0.23\n", "1772366400 230"],
    ["Time,Power (kW),Voltage\n2026-03-01 12:00:00,0.2305,230\n", "1772366400 230.5"],
    ["Time,Power [W],Fridge [W]\n2026-03-01 12:00:00,230,90\n", "1772366400 230 1"],
    ["sep=;\ntimestamp;power\n2026-03-01 12:00;7\n", "1772366400 7"],
    ["# site, 5\n\n#timestamp,power\n1772366400,7\n", "1772366400 7"],
    ["timestamp power\n1772366400 7\n", "1772366400 7"],
    ["timestamp,power\n1772366400,7,\n", "1772366400 7"],
    ["timestamp,power\r1772366400,7\r", "1772366400 7"],
    // REFIT.
    [
      "Time,Unix,Aggregate,Appliance1,Appliance2,Issues\n2013-10-09 13:06:17,1381323977,523,74,0,0\n",
      "1381323977 523 10",
    ],
    // tracebase.
    ["15/06/2012 18:00:00;32;30\n", "1339783200 32"],
  ];
  for (const [text, sample] of notations) assert.deepEqual(await shortly(text), [sample]);
});

Deno.test("openCsv() refuses in few words what is no table", async () => {
  const long = "x".repeat(100_000);
  for (
    const text of [long, `timestamp,power\n1772366400,${long}\n`, `timestamp,power\n${long},7\n`]
  ) {
    await assert.rejects(shortly(text), ({ message }: Error) => message.length < 1_000);
  }
});

Deno.test("openCsv() says which columns make the time", async () => {
  const timeOf = async (text: string) => (await readCsv(text)).taken.time;
  const day = "Datum;Uhrzeit;Leistung\n";
  assert.deepEqual(await timeOf(`${day}01.03.2026;12:00:00;5\n`), ["Datum", "Uhrzeit"]);
  assert.equal(await timeOf(`${day}01.03.2026;01.03.2026 12:00:00;5\n`), "Uhrzeit");
});

Deno.test("openCsv() takes the columns that are named, and says which there are", async () => {
  const text = "when,a,b,fridge,lamp\n1970-01-01T00:00:07Z,1,2,90,off\n";
  const columns = { timeColumn: "when", powerColumn: "b", deviceColumns: ["lamp", "fridge"] };
  assert.deepEqual(await shortly(text, columns), ["7 2 01"]);
  assert.deepEqual(await shortly(text, { ...columns, onThreshold: 100 }), ["7 2 00"]);
  const wrong: [ReadOptions, RegExp][] = [
    [{}, /expected a column timestamp; say which one with --time-column: when, a, b/],
    [{ timeColumn: "when" }, /a column total_power_w; say which one with --power-column/],
    [{ ...columns, powerColumn: "c" }, /expected a column c; .* --power-column: when, a, b/],
    [{ ...columns, deviceColumns: ["tv"] }, /expected a column tv; .* --device-columns/],
  ];
  for (const [options, message] of wrong) await assert.rejects(readCsv(text, options), message);
});

Deno.test("openCsv() names devices as people do", async () => {
  const namesOf = async (columns: string, cells: string, options: ReadOptions = {}) =>
    (await readCsv(`timestamp,power,${columns}\n1772366400,5,${cells}\n`, options)).devices;
  assert.deepEqual(await namesOf("kettle_on,Lamp_State", "1,0"), ["kettle", "Lamp"]);
  assert.deepEqual(await namesOf("fridge_w,Appliance2", "90,0"), ["fridge", "Appliance2"]);
  const both = { deviceColumns: ["tv_on", "tv_w"] };
  assert.deepEqual(await namesOf("tv_on,tv_w", "1,90", both), ["tv_on", "tv_w"]);
  assert.deepEqual(await namesOf('"washing\nmachine_on",b', "1,0"), ["washing machine"]);
});

Deno.test("openCsv() makes no label up", async () => {
  const text = "timestamp,power,lamp_on\n10,5,1\n11,5,\n12,5,nan\n13,5,0\n"
    .replaceAll(/^1(\d),/gm, "177236640$1,");
  const states = (await shortly(text)).map((each) => each.split(" ")[2]);
  assert.deepEqual(states, ["1", undefined, undefined, "0"]);
  const lamp = "timestamp,power,lamp\n1772366400,5,0\n1772366401,5,1\n";
  await assert.rejects(
    readCsv(lamp, { deviceColumns: ["lamp"] }),
    /column lamp: expected watts, got 0 and 1; for states call it lamp_on/,
  );
});

Deno.test("openCsv() unpacks a file that is called .gz, and says of one that is damaged", async () => {
  const rows = Array.from({ length: 5000 }, (_, second) => `${1_772_366_400 + second};${second}`);
  const packed = gzipSync(["timestamp;total_power_w", ...rows].join("\n"));
  const files = { "a.csv.gz": packed, "b.csv.gz": packed.subarray(0, packed.length / 2) };
  await withFiles(files, async (folder) => {
    const read = async (options: ReadOptions) =>
      (await readRecordings([`${folder}/a.csv.gz`], options))[0]!.samples;
    assert.deepEqual((await read({})).map(({ powerW }) => powerW), [...rows.keys()]);
    assert.equal((await read({ limitS: 3 })).length, 3);
    await assert.rejects(readRecordings([`${folder}/b.csv.gz`]), { code: "config" });
  });
  assert.equal(householdOf("/a/house-1.csv.gz"), "house-1");
  assert.equal(householdOf("/a/b/lab3_mains_1hz_train.csv"), "lab3_mains_1hz_train");
});

Deno.test("openCsv() knows what is packed and how it is encoded by its bytes", async () => {
  const text = "Zeit;Leistung;K\u00fche_on\n01.03.2026 12:00;7;1\n";
  const wide = new Uint8Array(2 * text.length + 2).fill(0xfe, 0, 1).fill(0xff, 1, 2);
  for (const [index, each] of Array.from(text).entries()) wide[2 * index + 3] = each.charCodeAt(0);
  const latin = Uint8Array.from(text, (each) => each.charCodeAt(0));
  for (const bytes of [wide, latin, gzipSync(text), zstdCompressSync(text)]) {
    const { devices, samples } = await readCsv(bytes);
    assert.deepEqual(devices, ["K\u00fche"]);
    assert.deepEqual(samples, [{ fileS: 1_772_366_400, powerW: 7, stateBitmap: [true] }]);
  }
  const others = { bzip2: "BZh91AY", zip: "PK\x03\x04", xz: "\xfd7zXZ" };
  for (const [name, begin] of Object.entries(others)) {
    const bytes = Uint8Array.from(begin, (each) => each.charCodeAt(0));
    await assert.rejects(readCsv(bytes), new RegExp(`expected gzip or zstd, unpack this ${name}`));
  }
});

Deno.test("openCsv() reads the USA's dates where they are", async () => {
  const text = "timestamp,power\n3/1/2026 11:59:59 PM,1\n3/2/2026 12:00:00 AM,2\n";
  const startS = Date.UTC(2026, 2, 2) / 1000;
  assert.deepEqual(await shortly(text), [`${startS - 1} 1`, `${startS} 2`]);
});

Deno.test("Playback takes the stretch [from, from + limit), and says which one is empty", async () => {
  const rows = Array.from({ length: 10 }, (_, second) => `1970-01-01T00:00:0${second},1,0,0,0`);
  const text = [header, ...rows].join("\n");
  const seconds = async (options: ReadOptions) =>
    (await readCsv(text, options)).samples.map(({ fileS }) => fileS);
  assert.deepEqual(await seconds({ fromS: 7 }), [7, 8, 9]);
  assert.deepEqual(await seconds({ fromS: 2, limitS: 3 }), [2, 3, 4]);
  assert.deepEqual(await seconds({ fromS: 9, limitS: 100 }), [9]);
  await assert.rejects(
    readCsv(text, { fromS: 60, limitS: 10 }),
    /--replay-from 60s --replay-limit 10s has no sample/,
  );
});

Deno.test("openCsv() names file, line and column of what is wrong", async () => {
  const good = "1970-01-01T00:00:05,1,0,0,0";
  const refusals: [string, RegExp][] = [
    ["", /\.csv, line 1: expected a header, the file is empty/],
    [header, /\.csv: expected a sample, there is none/],
    ["x,total_power_w,y\n", /\.csv: expected a column timestamp/],
    ["timestamp,x,y\n", /\.csv: expected a column total_power_w/],
    ["timestamp,power\n1772366400,7,8\n", /line 2: expected 2 cells, got 3/],
    [`${header}\n${good}\n1970-01-01T00:00:06,x,0,0,0`, /line 3, column total_power_w.*got "x"/],
    [`${header}\n1970-01-01T00:00:06,Infinity,0,0,0`, /column total_power_w.*got "Infinity"/],
    [
      `${header}\n1970-01-01T00:00:06,1,0,2,0`,
      /line 2, column kettle_on: expected 0 or 1, got "2"/,
    ],
    [`${header}\n1970-02-30T00:00:06,1,0,0,0`, /line 2, column timestamp: expected YYYY/],
    [`${header}\n06.13.1970 00:00:06,1,0,0,0`, /line 2, column timestamp: expected YYYY/],
    [`${header}\n${good}\n1970-01-01T00:00:06,1,0\n`, /\.csv, line 3: Invalid Record Length/],
    [`${header}\n${good}\n"1970`, /\.csv, line 3: Quote Not Closed/],
    [`timestamp,total_power_w,${Array.from({ length: 257 }, (_, i) => `d${i}_on`)}`, /at most 256/],
  ];
  for (const [text, expected] of refusals) {
    await assert.rejects(readCsv(text), (error) => {
      assert.ok(hasCode(error, "config"), String(error));
      assert.match(error.message, expected);
      return true;
    });
  }
});

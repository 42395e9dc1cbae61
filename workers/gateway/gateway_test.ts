/** What real devices do, and must not become wrong readings or labels. */
import assert from "node:assert/strict";
import { fileOf, NOW_MS, OneHousehold } from "./testing/one_household.ts";

const METER = { topic: "meter", watts: "p", time: "t" };
const PLUG = { name: "plug", topic: "plug", watts: "$", online: "$", threshold: 10 };
const SECOND = Math.floor(NOW_MS / 1000);
const local = (offsetS: number) => new Date(NOW_MS + offsetS * 1000).toISOString().slice(0, 19);

/** Publishes a meter's reading and a plug's word each second, and gives the labels. */
async function labelled(
  plug: (second: number) => string | undefined,
  { seconds = 12, more = {}, device = {} } = {},
): Promise<OneHousehold> {
  const home = new OneHousehold(fileOf(METER, [{ ...PLUG, ...device }], more));
  for (let second = 0; second < seconds; second++) {
    const atMs = NOW_MS + second * 1000;
    const word = plug(second);
    if (word !== undefined) await home.take("plug", word, { atMs: atMs - 200 });
    await home.take("meter", { p: second }, { atMs });
  }
  home.due(NOW_MS + (seconds + 60) * 1000);
  return home;
}

Deno.test("Gateway takes no reading out of null, nan, unavailable, text, or another shape", async () => {
  const home = new OneHousehold(fileOf({ topic: "meter", watts: "$type($) = 'object' ? p : $" }));
  const odd = ["null", "nan", "NaN", "unavailable", "unknown", "", "ON", "1e400", "{}", "[1]", "{"];
  for (const payload of [...odd, '{"p":null}', '{"p":"nan"}', '{"p":[1,2]}', '{"p":true}']) {
    assert.deepEqual(await home.take("meter", payload), ["no_value"], payload);
  }
  assert.deepEqual(await home.take("meter", "x".repeat(70_000)), ["no_value"]);
  assert.deepEqual(home.events, []);
  assert.deepEqual(await home.take("meter", " 12.5\n"), ["reading"]);
  assert.deepEqual(home.watts, [12.5]);
});

Deno.test("Gateway mends a clock that is off by a zone, to and fro, and uses no other that is off", async () => {
  const home = new OneHousehold(fileOf(METER));
  const offsets = [0, 3600, 19_800, -3600, 0, 3600];
  for (const [index, offsetS] of offsets.entries()) {
    const atMs = NOW_MS + index * 1000;
    assert.deepEqual(await home.take("meter", { p: 1, t: local(offsetS + index) }, { atMs }), [
      "reading",
    ]);
  }
  for (const [index, t] of ["1970-01-01T00:00:07", 12, local(500), "soon", null].entries()) {
    await home.take("meter", { p: 1, t }, { atMs: NOW_MS + (6 + index) * 1000 });
  }
  assert.deepEqual(
    home.events.map(([, second]) => second - SECOND),
    [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10],
  );
});

Deno.test("Gateway takes the first reading of a second, and none that is older", async () => {
  const home = new OneHousehold(fileOf(METER));
  assert.deepEqual(await home.take("meter", { p: 1, t: SECOND }), ["reading"]);
  assert.deepEqual(await home.take("meter", { p: 2, t: SECOND }), ["same_second"]);
  assert.deepEqual(await home.take("meter", { p: 3, t: SECOND - 3 }), ["out_of_order"]);
  assert.deepEqual(home.watts, [1]);
});

Deno.test("Gateway passes over what is stored, but hears a stored last will", async () => {
  const home = await labelled(() => "50");
  assert.deepEqual(await home.take("meter", { p: 1 }, { retained: true }), ["retained"]);
  assert.deepEqual(await home.take("plug", "50", { retained: true }), ["retained"]);
  assert.deepEqual(await home.take("plug", "offline", { retained: true }), ["word"]);
});

Deno.test("Gateway believes what the broker kept where its time can be known", async () => {
  const kept = { isKept: true, atMs: NOW_MS + 100_000 };
  const known = new OneHousehold(fileOf(METER), { "anna/flat-1 power": 3600 });
  assert.deepEqual(await known.take("meter", { p: 1, t: local(3600) }, kept), ["reading"]);
  assert.deepEqual(await known.take("meter", { p: 1 }, kept), ["stale"]);
  assert.deepEqual(await known.take("meter", { p: 1, t: 5 }, kept), ["stale"]);
  assert.deepEqual(await known.take("meter", { p: 1, t: local(9000) }, kept), ["stale"], "ahead");
  assert.deepEqual(known.events, [["power", SECOND, 1]]);
  const unknown = new OneHousehold(fileOf(METER));
  assert.deepEqual(await unknown.take("meter", { p: 1, t: local(3600) }, kept), ["stale"]);
  await unknown.take("meter", { p: 1, t: local(3600) });
  assert.deepEqual(unknown.offsets, [["anna/flat-1 power", 3600]]);
  await unknown.take("meter", { p: 1, t: 5 }, { atMs: NOW_MS + 1000 });
  assert.deepEqual(unknown.offsets.at(-1), ["anna/flat-1 power", undefined], "it is not steady");
});

Deno.test("Gateway takes Unix seconds and milliseconds in quotes for a time", async () => {
  const home = new OneHousehold(fileOf(METER), { "anna/flat-1 power": 0 });
  const kept = { isKept: true, atMs: NOW_MS + 100_000 };
  for (const t of [`${SECOND}`, `${SECOND + 1}000`, ` ${SECOND + 2}.5 `]) {
    assert.deepEqual(await home.take("meter", { p: 1, t }, kept), ["reading"], t);
  }
  assert.deepEqual(home.events.map(([, second]) => second - SECOND), [0, 1, 2]);
});

Deno.test("Gateway goes on at once where its own clock was ahead, and has been set right", async () => {
  const sources = [METER, { topic: "meter", watts: "p", unit: "Wh" }];
  for (const [index, source] of sources.entries()) {
    for (const delay of ["4s", "15s"]) {
      const home = new OneHousehold(fileOf(source, [PLUG], { "label-delay": delay }));
      const hear = async (second: number, atMs = NOW_MS + second * 1000) => {
        await home.take("plug", "50", { atMs: atMs - 200 });
        await home.take("meter", { p: second }, { atMs });
      };
      const dayMs = 24 * 3_600_000;
      for (const second of [0, 1, 2]) await hear(second, NOW_MS + dayMs + second * 1000);
      for (let second = 3; second < 12; second++) await hear(second);
      home.due(NOW_MS + 60_000);
      const from = (kind: string) =>
        home.events.filter(([each, at]) => each === kind && at < SECOND + 100)
          .map(([, at]) => at - SECOND);
      assert.deepEqual(from("power"), [3, 4, 5, 6, 7, 8, 9, 10, 11].slice(index), delay);
      assert.deepEqual(from("device-state"), [5, 6, 7, 8, 9, 10], delay);
    }
  }
});

Deno.test("Gateway adds parts of one moment, and none of two", async () => {
  const parts = [
    { topic: "in", watts: "$", sign: 1 },
    { topic: "out", watts: "$", sign: -1 },
  ];
  const home = new OneHousehold(fileOf({ parts, unit: "kW" }));
  const take = (topic: string, value: string, ms: number) =>
    home.take(topic, value, { atMs: NOW_MS + ms });
  assert.deepEqual(await take("in", "1.001", 0), ["part"]);
  assert.deepEqual(await take("out", "0.5", 100), ["reading"]);
  await take("in", "2", 1000); // the other one is lost
  await take("out", "0.1", 2100); // and here this one
  assert.deepEqual(await take("in", "3", 3000), ["part"]);
  assert.deepEqual(await take("out", "1", 3050), ["reading"]);
  assert.deepEqual(home.watts, [501, 2000]);
});

Deno.test("Gateway adds no part of a round that the broker kept in part to those of the next", async () => {
  const parts = [0, 1, 2].map((phase) => ({ topic: `phase/${phase}`, watts: "$" }));
  const home = new OneHousehold(fileOf({ parts, within: "900ms" }));
  const take = (phase: number, value: string, ms: number, isKept = false) =>
    home.take(`phase/${phase}`, value, { atMs: NOW_MS + ms, isKept });
  assert.deepEqual(await take(0, "1", 0, true), ["stale"]);
  assert.deepEqual(await take(1, "2", 0, true), ["stale"]);
  assert.deepEqual(await take(2, "3", 10), ["part"]);
  // On a busy machine the next second may be less than a second later.
  assert.deepEqual(await take(0, "10", 800), ["part"]);
  assert.deepEqual(await take(1, "20", 810), ["part"]);
  assert.deepEqual(await take(2, "30", 820), ["reading"]);
  assert.deepEqual(home.watts, [60]);
});

Deno.test("Gateway makes watts of a counter, and none where it is reset", async () => {
  const home = new OneHousehold(fileOf({ topic: "c", watts: "$", unit: "kWh" }));
  for (const [seconds, value] of [[0, "10"], [10, "10.01"], [20, "0.5"], [30, "0.51"]] as const) {
    await home.take("c", value, { atMs: NOW_MS + seconds * 1000 });
  }
  assert.deepEqual(home.events.map(([, second, watts]) => [second - SECOND, watts]), [
    [10, 3600],
    [30, 3600],
  ]);
});

Deno.test("Gateway labels a second once the device has said the same before and after it", async () => {
  const home = await labelled((second) => second < 6 ? "50" : "1");
  assert.deepEqual(home.labels, [
    ...[2, 3, 4].map((second) => [SECOND + second, [true]]),
    // What was in between nobody knows.
    ...[8, 9, 10].map((second) => [SECOND + second, [false]]),
  ]);
});

Deno.test("Gateway makes no label up: silence, a last will, a plug without power", async () => {
  const silent = await labelled((second) => second < 4 ? "50" : undefined);
  assert.deepEqual(silent.labels, [[SECOND + 2, [true]]]);
  const gone = await labelled((second) => second < 5 ? "50" : second === 5 ? "offline" : undefined);
  assert.deepEqual(gone.labels, [2, 3].map((second) => [SECOND + second, [true]]));
  const never = await labelled(() => undefined);
  assert.deepEqual(never.labels, []);
  assert.equal(never.watts.length, 12);
});

Deno.test("Gateway holds readings back where labels may take longer, in order", async () => {
  const plug = (second: number) => second % 10 === 0 ? "50" : undefined;
  const home = await labelled(plug, { seconds: 31, more: { "label-delay": "15s" } });
  const seconds = home.events.map(([kind, second]) => [kind, second - SECOND] as const);
  assert.deepEqual(
    seconds.filter(([kind]) => kind === "power").map(([, second]) => second),
    Array.from({ length: 31 }, (_, second) => second),
  );
  assert.ok(home.labels.length > 20);
  const late = new Map<string, number>();
  for (const [kind, second] of seconds) late.set(kind, second);
  assert.equal(late.get("power"), 30);
});

Deno.test("Gateway takes a switch's silence for no change where it says every change", async () => {
  const device = { watts: undefined, on: "$", "says-changes": true, "max-age": "1h" };
  const plug = (second: number) => second === 0 ? "on" : second === 7 ? "off" : undefined;
  const home = await labelled(plug, { device });
  assert.deepEqual(home.labels, [
    ...[2, 3, 4].map((second) => [SECOND + second, [true]]),
    ...[9, 10, 11].map((second) => [SECOND + second, [false]]),
  ]);
});

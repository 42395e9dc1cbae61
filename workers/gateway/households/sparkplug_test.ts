/** Sparkplug B as its own library writes it, through the gateway. */
import assert from "node:assert/strict";
import { get } from "sparkplug-payload";
import { fileOf, NOW_MS, OneHousehold } from "../testing/one_household.ts";
import { SparkplugReader } from "./sparkplug.ts";

const payloads = get("spBv1.0")!;
const METER = { preset: "sparkplug", base: "cellar", entity: "pi", topic: "meter" };

type Metric = NonNullable<Parameters<typeof payloads.encodePayload>[0]["metrics"]>;

function encode(metrics: Metric, timestamp = NOW_MS): Uint8Array {
  return Uint8Array.from(payloads.encodePayload({ timestamp, metrics, seq: 0 }));
}

Deno.test("preset sparkplug reads the power by its name, and by the number that stands for it", async () => {
  const home = new OneHousehold(fileOf(METER));
  const at = (kind: string) => `spBv1.0/cellar/${kind}/pi/meter`;
  const named = [{ name: "power", alias: 3, value: 231.5, type: "Double" as const }];
  const other = { name: "volts", alias: 4, value: 230, type: "UInt64" as const };
  const take = (kind: string, second: number, metrics: Metric) =>
    home.take(at(kind), encode(metrics, NOW_MS + second * 1000), { atMs: NOW_MS + second * 1000 });
  const unnamed = (value: number) => [{ alias: 3, value, type: "Double" as const }] as Metric;
  assert.deepEqual(await take("DDATA", 0, unnamed(1)), ["no_value"], "before its birth");
  await take("DBIRTH", 1, [other, ...named]);
  await take("DDATA", 2, unnamed(232.25));
  await take("DDATA", 3, [{ name: "power", value: 12345, type: "Int64" }]);
  assert.deepEqual(await take("DDATA", 4, [other]), ["no_value"]);
  assert.deepEqual(home.watts, [231.5, 232.25, 12345]);
});

Deno.test("preset sparkplug-switch reads a device, and that its node has died", async () => {
  const device = {
    name: "pump",
    ...METER,
    preset: "sparkplug-switch",
    topic: "io",
    field: "relay/1",
  };
  const home = new OneHousehold(fileOf({ topic: "m", watts: "$" }, [device]));
  const figures = home.gateway.figures[1]!;
  const relay = (value: boolean) => encode([{ name: "relay/1", value, type: "Boolean" }]);
  const seen: unknown[] = [];
  for (
    const [kind, payload] of [
      ["DBIRTH/pi/io", relay(true)],
      ["DDATA/pi/io", relay(false)],
      ["NDEATH/pi", encode([{ name: "bdSeq", value: 1, type: "UInt64" }])],
    ] as const
  ) {
    await home.take(`spBv1.0/cellar/${kind}`, payload);
    seen.push(figures.lastValue);
  }
  assert.deepEqual(seen, [true, false, false]);
});

Deno.test("SparkplugReader reads nothing from bytes that are no payload", () => {
  const reader = new SparkplugReader();
  const whole = encode([{ name: "power", value: 1, type: "Double" }]);
  for (let length = 1; length < whole.length; length++) {
    const read = reader.read("spBv1.0/a/DDATA/b/c", whole.subarray(0, length));
    assert.ok(read === undefined || typeof read === "object");
  }
  assert.equal(reader.read("spBv1.0/a/DDATA/b/c", new TextEncoder().encode("{}")), undefined);
});

import assert from "node:assert/strict";
import { dateOrderOf, isLocalTime, secondsOf } from "./times.ts";

const SECOND = 1_772_366_400;

Deno.test("secondsOf() reads the usual notations of one time", () => {
  const notations = [
    ...["2026-03-01T12:00:00", "2026-03-01 12:00:00", "2026-03-01T12:00:00Z"],
    ...["2026-03-01T12:00:00.999", "2026-03-01 13:00:00+01:00", "2026-03-01T06:30:00.5-0530"],
    ...["2026-03-01 12:00:00,123", "2026-03-01t12:00:00z", "2026-03-01 14:00:00+02"],
    ...["2026-03-01 12:00:00 GMT", "2026-03-01 13:00:00 CET", "2026-03-01T07:00:00 EST"],
    ...["2026-03-01T13:00:00+01:00[Europe/Berlin]", "2026-3-1 12:00", "2026/03/01 12:00:00 PM"],
    ...["01.03.2026 12:00", "1.3.2026 12:00:00", "01.03.26 12:00", "01/03/2026 12:00"],
    ...["01-03-2026 12:00:00", "1/3/2026 12:00:00 pm", "01/03/2026, 12:00 p.m."],
    ...["1 Mar 2026 12:00:00", "01-Mar-2026 12:00", "Mar 1, 2026 12:00:00", "1 March 2026 12:00"],
    ...["Sun, 01 Mar 2026 12:00:00 GMT", "20260301T120000Z", "20260301120000", "20260301 120000"],
    ...["1772366400", "1772366400.75", "1772366400123", "1772366400123456"],
    ...["1772366400123456789", "1.772366400000000000e+09", "46082.5"],
  ];
  for (const text of notations) assert.equal(secondsOf(text), SECOND, text);
  assert.equal(
    secondsOf("12/03/2026 12:30 am", "month-first"),
    Date.UTC(2026, 11, 3, 0, 30) / 1000,
  );
});

Deno.test("secondsOf() reads nothing else", () => {
  const wrong = [
    ...["", "12:00:00", "2026-02-30T00:00:00", "2026-03-01", "177236640", "-5", "noon", "46082,5"],
    ...[
      "2026-03-01T25:00:00",
      "2026-03-01T12:00:00+99:99",
      "2026-03-01 13:00 PM",
      "13/13/2026 1:00",
    ],
    ...["2026-03-01 12:00:00 IST", "2026-03-01 12:60:00", "1 Foo 2026 12:00:00", "1.7723664e+09"],
    ...["0", "1", "123456", "20261301120000"],
  ];
  for (const text of wrong) assert.equal(secondsOf(text), undefined, text);
});

Deno.test("isLocalTime() knows a time that says its zone", () => {
  const local = ["2026-03-01 12:00:00", "01-03-2026 12:00 PM", "20260301120000", "1.3.26 12:00"];
  const other = ["2026-03-01T12:00Z", "2026-03-01 12:00+01", "2026-03-01 12:00 CET", "1772366400"];
  for (const text of local) assert.equal(isLocalTime(text), true, text);
  for (const text of other) assert.equal(isLocalTime(text), false, text);
});

Deno.test("dateOrderOf() tells the USA's dates by the step to the next day", async () => {
  const orderOf = (...times: string[]) =>
    dateOrderOf(async function* () {
      yield* times;
    }());
  assert.equal(await orderOf("3/1/2026 23:59", "3/1/2026 23:59", "3/2/2026 0:00"), "month-first");
  assert.equal(await orderOf("1/3/2026 23:59", "2/3/2026 0:00"), "day-first");
  assert.equal(await orderOf("03/13/2026 12:00"), "month-first");
  assert.equal(await orderOf("13/03/2026 12:00"), "day-first");
  assert.equal(await orderOf("3/1/2026 12:00", "3/1/2026 12:01"), "day-first");
  assert.equal(await orderOf("03.13.2026 12:00"), "day-first");
  assert.equal(await orderOf("2026-03-01 12:00"), "day-first");
  assert.equal(await orderOf(), "day-first");
});

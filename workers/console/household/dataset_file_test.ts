import assert from "node:assert/strict";
import { datasetCsv } from "./dataset_file.ts";

Deno.test("datasetCsv() has a row a second and a column a device", () => {
  const text = datasetCsv({
    ...{ username: "u", client_id: "h", session_start: 10, session_end: 11 },
    ...{ timestamps: [10, 11], consumption: [1.5, -2] },
    state_bitmaps: [[true, false], [false, false]],
  });
  assert.equal(
    text,
    "timestamp,consumption,device_1,device_2\r\n10,1.5,1,0\r\n11,-2,0,0\r\n",
  );
});

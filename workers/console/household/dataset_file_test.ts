import assert from "node:assert/strict";
import { parquetReadObjects } from "hyparquet";
import { datasetTable } from "./dataset_file.ts";

const DATASET = {
  ...{ username: "u", client_id: "h", session_start: 10, session_end: 11 },
  ...{ timestamps: [10, 11], consumption: [1.5, -2] },
  state_bitmaps: [[true, false], [false, false]],
};

Deno.test("datasetTable() has a row a second and a column a device", () => {
  const bytes = datasetTable(DATASET, { format: "csv", names: ["kettle", "lamp"] });
  assert.equal(
    new TextDecoder().decode(bytes),
    "username,client_id,session_start,timestamp,consumption,on_kettle,on_lamp\r\n" +
      "u,h,10,10,1.5,1,0\r\nu,h,10,11,-2,0,0\r\n",
  );
});

Deno.test("datasetTable() is Parquet that a reader takes, with devices that nobody named", async () => {
  const bytes = datasetTable(DATASET, { format: "parquet", names: undefined });
  const rows = await parquetReadObjects({ file: bytes.buffer });
  assert.equal(rows.length, 2);
  assert.deepEqual(rows[0], {
    ...{ username: "u", client_id: "h", session_start: 10n, timestamp: 10n, consumption: 1.5 },
    ...{ on_device_1: true, on_device_2: false },
  });
});

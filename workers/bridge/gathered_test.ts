import assert from "node:assert/strict";
import { gathered } from "./gathered.ts";

const CASES: readonly { readonly title: string; readonly counts: readonly number[] }[] = [
  { title: "does not wait for few", counts: [99] },
  { title: "waits while more come", counts: [100, 600, 1200, 1900, 2000] },
  { title: "does not wait for one of which no more come", counts: [100, 600, 600] },
  { title: "waits five times at most", counts: [100, 200, 300, 400, 500] },
];

for (const { title, counts } of CASES) {
  Deno.test(`gathered() ${title}`, async () => {
    let asked = 0;
    await gathered(() => counts[asked++] ?? assert.fail("it asks no more"));
    assert.equal(asked, counts.length);
  });
}

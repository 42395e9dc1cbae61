import assert from "node:assert/strict";
import { withFileLock } from "./file_lock.ts";

Deno.test("withFileLock() lets in one after the other, after a failure too", async () => {
  const path = await Deno.makeTempFile();
  try {
    let inside = 0;
    const enter = (fails: boolean) =>
      withFileLock(path, async () => {
        assert.equal(++inside, 1);
        await new Promise((resolve) => setTimeout(resolve, 1));
        inside--;
        if (fails) throw new Error("fails");
      });
    const results = await Promise.allSettled([enter(false), enter(true), enter(false)]);
    const statuses = results.map(({ status }) => status);
    assert.deepEqual(statuses, ["fulfilled", "rejected", "fulfilled"]);
  } finally {
    await Deno.remove(path);
  }
});

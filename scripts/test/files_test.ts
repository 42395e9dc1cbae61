import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { testFiles } from "./files.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const HERE = "scripts/test/files_test.ts";

Deno.test("testFiles() finds files by a part of their path, by their path, and by their folder", async () => {
  assert.deepEqual(await testFiles(ROOT, []), [], "none means all");
  for (const name of ["test/files_te", HERE, `./${HERE}`, `${ROOT}${HERE}`]) {
    assert.deepEqual(await testFiles(ROOT, [name]), [HERE]);
  }
  assert.deepEqual(await testFiles(ROOT, ["scripts/test/files", "scripts/test/provide"]), [
    HERE,
    "scripts/test/provide_test.ts",
  ]);
  assert.ok((await testFiles(ROOT, ["./scripts/test"])).length >= 2);
});

Deno.test("testFiles() refuses names that mean no file, all at once", async () => {
  await assert.rejects(testFiles(ROOT, [HERE, "nowhere", "nothing_test.ts"]), {
    code: "config",
    message: "Name a part of a test file's path: there is none with nowhere, nothing_test.ts",
  });
});

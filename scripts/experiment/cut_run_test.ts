import assert from "node:assert/strict";
import { RunFiles } from "./cut_run.ts";
import { sampleHead } from "./csv.ts";

Deno.test("RunFiles.read() has no run where there is none, and says which one it cannot use", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const files = new RunFiles(folder);
    assert.equal(await files.read(), undefined);
    // As Kafka describes it.
    const before = [{ name: "power", logAppendTime: true, diskMsMax: Infinity, partitions: [] }];
    files.keep({ startedAtMs: 1, variables: { A: "b" }, before, cutsS: [2] });
    await Deno.writeTextFile(files.samplesPath, sampleHead());
    await assert.rejects(files.read(), /run\.json cannot be gone on with: .* has no sample/);
    await Deno.writeTextFile(`${folder}/run.json`, '{"cut');
    await assert.rejects(files.read(), { code: "config" });
    await files.forget();
    assert.equal(await files.read(), undefined);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("RunFiles.keep() is for its owner alone: flags may have held a password", async () => {
  const folder = await Deno.makeTempDir();
  try {
    new RunFiles(folder).keep({ startedAtMs: 1, variables: {}, before: [], cutsS: [] });
    assert.equal((await Deno.stat(`${folder}/run.json`)).mode! & 0o777, 0o600);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

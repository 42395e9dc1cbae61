import assert from "node:assert/strict";
import { checkOutputFile } from "./output_file.ts";

Deno.test("checkOutputFile() leaves what is there, and names the flag of what cannot be written", async () => {
  const folder = await Deno.makeTempDir();
  try {
    await checkOutputFile("--json", undefined);
    await checkOutputFile("--json", `${folder}/new.json`);
    assert.equal(await Deno.readTextFile(`${folder}/new.json`), "");
    await Deno.writeTextFile(`${folder}/old.json`, "{}");
    await checkOutputFile("--json", `${folder}/old.json`);
    assert.equal(await Deno.readTextFile(`${folder}/old.json`), "{}");
    await assert.rejects(checkOutputFile("--json", `${folder}/none/x.json`), {
      code: "config",
      message: /^Choose another --json: /,
    });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

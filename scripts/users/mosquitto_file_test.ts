import assert from "node:assert/strict";
import { MosquittoFile } from "./mosquitto_file.ts";

Deno.test("MosquittoFile refuses what is no password file, and leaves it as it is", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const path = `${folder}/README.md`;
    await Deno.writeTextFile(path, "anna:$7$1$c2FsdA==$aGFzaA==\n\n# not one\n");
    const file = new MosquittoFile(path);
    const wrong = { code: "config", message: /--passwords: line 3 is no NAME:HASH$/ };
    await assert.rejects(file.list(), wrong);
    await assert.rejects(file.add("bert", "long enough"), wrong);
    assert.match(await Deno.readTextFile(path), /^anna:.*\n\n# not one\n$/);
    const none = new MosquittoFile(`${folder}/none`);
    await assert.rejects(none.list(), { code: "config", message: /there is no such file$/ });
    const far = new MosquittoFile(`${folder}/none/passwords`);
    await assert.rejects(far.add("bert", "long enough"), {
      code: "config",
      message: /there is no such folder$/,
    });
    await none.add("bert", "long enough");
    assert.deepEqual(await none.list(), ["bert"]);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

import assert from "node:assert/strict";
import { requireCommands } from "./commands.ts";
import { noReport } from "./report.ts";

Deno.test("requireCommands() names the command that installs all that is missing", async () => {
  await withFolder(async (folder) => {
    const source = { folders: [folder], mayInstall: false };
    await assert.rejects(requireCommands(["java", "mvn"], noReport, source), {
      code: "unavailable",
      message: "Install what is missing: " +
        "sudo apt-get install -y --no-install-recommends openjdk-17-jre-headless maven",
    });
  });
});

Deno.test("requireCommands() installs what is missing where it may", async () => {
  await withFolder(async (folder) => {
    await writeScript(`${folder}/java`, "");
    await writeScript(
      `${folder}/apt-get`,
      `if [ "$1" = install ]; then cp "$0" "${folder}/mosquitto"; fi`,
    );
    const said: string[] = [];
    const source = { folders: [folder], mayInstall: true };
    const paths = await requireCommands(["java", "mosquitto"], (line) => said.push(line), source);
    assert.deepEqual(paths, { java: `${folder}/java`, mosquitto: `${folder}/mosquitto` });
    assert.deepEqual(said, [
      "Installing: apt-get install -y --no-install-recommends mosquitto",
    ]);
  });
});

Deno.test("requireCommands() says why an installation failed", async () => {
  await withFolder(async (folder) => {
    await writeScript(`${folder}/apt-get`, "echo 'E: no network' >&2; exit 100");
    const source = { folders: [folder], mayInstall: true };
    await assert.rejects(
      requireCommands(["mosquitto"], noReport, source),
      /Run apt-get install .* mosquitto yourself, it failed here: E: no network/,
    );
  });
});

async function writeScript(path: string, text: string): Promise<void> {
  await Deno.writeTextFile(path, `#!/bin/sh\n${text}\n`, { mode: 0o755 });
}

async function withFolder(body: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "wattstream-commands-" });
  try {
    await body(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

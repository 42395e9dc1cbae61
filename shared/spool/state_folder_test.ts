import assert from "node:assert/strict";
import { hasCode } from "../errors.ts";
import { lockState, statePath } from "./state_folder.ts";

const name = "bridge";

function envOf(variables: Record<string, string>) {
  return (name: string) => variables[name];
}

Deno.test("statePath() is what --state says, or else below the user's or the system's state", () => {
  const home = { HOME: "/home/anna" };
  assert.equal(statePath({ state: "x", name, env: envOf(home) }), "x");
  assert.equal(
    statePath({ name, env: envOf({ ...home, XDG_STATE_HOME: "/state" }) }),
    "/state/wattstream/bridge",
  );
  assert.equal(
    statePath({ name, env: envOf({ ...home, XDG_STATE_HOME: "" }) }),
    "/home/anna/.local/state/wattstream/bridge",
  );
  assert.equal(statePath({ name, env: envOf({}) }), "/var/lib/wattstream/bridge");
});

Deno.test("lockState() gives a folder to one bridge at a time, and names the flag", () => {
  const folder = Deno.makeTempDirSync();
  try {
    const first = lockState(`${folder}/a/b`);
    assert.throws(
      () => lockState(`${folder}/a/b`),
      (error) => hasCode(error, "config") && /its own --state folder.*in use/.test(error.message),
    );
    first.close();
    lockState(`${folder}/a/b`).close();
    Deno.writeTextFileSync(`${folder}/file`, "");
    assert.throws(
      () => lockState(`${folder}/file/below`),
      (error) => hasCode(error, "config") && /Give --state a folder that lasts/.test(error.message),
    );
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
});

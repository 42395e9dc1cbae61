/** Tries, with the permissions of an installed worker, what no worker has any business with. */
import assert from "node:assert/strict";
import { INSTALLED_FOLDERS, permissionFlags } from "./permissions.ts";

const PROBE = new URL("./testdata/forbidden.ts", import.meta.url).pathname;

Deno.test("permissionFlags() of an installed worker refuse what is not its own", async () => {
  const { stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", ...permissionFlags(INSTALLED_FOLDERS), PROBE],
    clearEnv: true,
    env: { PATH: "/usr/bin", HOME: Deno.env.get("HOME") ?? "/", WATTSTREAM_LOG: "kafka://broker" },
  }).output();
  const text = new TextDecoder().decode(stdout);
  assert.ok(text !== "", new TextDecoder().decode(stderr));
  assert.deepEqual(JSON.parse(text), {
    "own variable": "kafka://broker",
    "own folder": "NotFound",
    "own socket": "allowed",
    "file": "NotCapable",
    "folder to write": "NotCapable",
    "process of another": "NotCapable",
    "host": "NotCapable",
    "subprocess": "NotCapable",
    "library": "NotCapable",
    "host name": "NotCapable",
    "code from elsewhere": "TypeError: Requires import access",
    "variable": "undefined",
    "all variables": "WATTSTREAM_LOG",
  });
});

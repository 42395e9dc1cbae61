/** The commands of deploy/README.md, as they stand there, against a real API server: what needs no pod. */
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { ROOT } from "../../scripts/build/program.ts";
import { run } from "../../scripts/deploy/verify/kube.ts";
import { ApiServer } from "./api_server.ts";

const BLOCK = /^```sh run\n([\s\S]*?)^```$/gm;

Deno.test("deploy/README.md can be followed, as far as an API server goes", async () => {
  const text = await readFile(`${ROOT}deploy/README.md`, "utf8");
  const commands = [...text.matchAll(BLOCK)].map(([, block]) => block!);
  assert.ok(commands.length >= 6, `${commands.length} blocks`);
  await using server = await ApiServer.start();
  await server.kubectl(["create", "namespace", "metallb-system"]);
  const script = [
    "set -euo pipefail",
    `kubectl() { ${server.command} "$@"; }`,
    `deno() { ${Deno.execPath()} "$@"; }`,
    `cd ${ROOT}`,
    ...commands,
  ].join("\n");
  const { code, stdout, stderr } = await run("bash", ["-c", script]);
  assert.equal(code, 0, `${stdout}\n${stderr}`);
  const get = async (...args: string[]) => {
    const { stdout } = await server.kubectl(["-n", "wattstream", "get", ...args, "-o", "json"]);
    return JSON.parse(stdout);
  };
  const bridge = await get("statefulset", "bridge");
  const [count] = bridge.spec.template.spec.containers[0].env;
  assert.deepEqual([bridge.spec.replicas, count], [2, { name: "BRIDGE_COUNT", value: "2" }]);
  assert.equal((await get("statefulset", "training")).spec.replicas, 2);
  const passwords = atob((await get("secret", "mqtt-passwords")).data.passwords);
  assert.match(passwords, /^bridge:\$7\$.*\npublisher:\$7\$.*\nanna:\$7\$.*\n$/);
});

import assert from "node:assert/strict";
import { checkHttpBase, portsOf } from "./worker_addresses.ts";

Deno.test("checkHttpBase() names the port that somebody else has", () => {
  checkHttpBase({ httpBase: undefined });
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  assert.throws(() => checkHttpBase({ httpBase: port }), {
    code: "config",
    message: `Choose another --http-base than ${port}: port ${port}, of simulator, is taken`,
  });
});

Deno.test("portsOf() gives each worker a port of its own", () => {
  assert.equal(portsOf({ httpBase: 9400 }).get("bridge"), 9401);
  const ports = [...portsOf({ httpBase: undefined }).values()];
  assert.equal(new Set(ports).size, ports.length);
});

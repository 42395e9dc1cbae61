import assert from "node:assert/strict";
import { checkPorts, portsOf } from "./worker_addresses.ts";

Deno.test("checkPorts() names the port that somebody else has", () => {
  const nothing = { httpBase: undefined, console: undefined };
  checkPorts(nothing);
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  assert.throws(() => checkPorts({ ...nothing, httpBase: port }), {
    code: "config",
    message: `Choose another --http-base than ${port}: port ${port}, of simulator, is taken`,
  });
  const console = { hostname: "127.0.0.1", port };
  assert.throws(() => checkPorts({ ...nothing, console }), {
    code: "config",
    message: `Choose another port for --console: ${port} is taken`,
  });
  checkPorts({ ...nothing, console: { ...console, port: 0 } });
});

Deno.test("portsOf() gives each worker a port of its own", () => {
  assert.equal(portsOf({ httpBase: 9400 }).get("bridge"), 9401);
  const ports = [...portsOf({ httpBase: undefined }).values()];
  assert.equal(new Set(ports).size, ports.length);
});

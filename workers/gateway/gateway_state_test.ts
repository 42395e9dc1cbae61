import assert from "node:assert/strict";
import { GatewayState } from "./gateway_state.ts";

async function withFolder(run: (open: () => GatewayState, folder: string) => void): Promise<void> {
  const folder = await Deno.makeTempDir();
  const parts = { state: folder, env: () => undefined, random: Math.random };
  try {
    run(() => new GatewayState(parts), folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("GatewayState remembers its client id, clocks and what is announced", () =>
  withFolder((open) => {
    const first = open();
    first.setOffset("anna/flat power", 3600);
    first.setAnnounced("anna/flat", 2);
    first.setLastSeconds({ "anna/flat": 7 });
    first[Symbol.dispose]();
    using second = open();
    assert.equal(second.clientId, first.clientId);
    assert.deepEqual(second.offsets, { "anna/flat power": 3600 });
    assert.deepEqual(second.announced, { "anna/flat": 2 });
    assert.deepEqual(second.lastSeconds, { "anna/flat": 7 });
  }));

Deno.test("GatewayState stays who it was where a later version has written more", () =>
  withFolder((open, folder) => {
    const first = open();
    first.setAnnounced("anna/flat", 2);
    first[Symbol.dispose]();
    const path = `${folder}/gateway.json`;
    const content = { ...JSON.parse(Deno.readTextFileSync(path)), ofLater: 1 };
    Deno.writeTextFileSync(path, JSON.stringify(content));
    using second = open();
    assert.equal(second.clientId, first.clientId);
    assert.deepEqual(second.announced, { "anna/flat": 2 });
  }));

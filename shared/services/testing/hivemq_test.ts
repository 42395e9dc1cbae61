import assert from "node:assert/strict";
import { connect, connectAsync, type IClientOptions } from "mqtt";
import { startHiveMq } from "./hivemq.ts";

Deno.test("startHiveMq() keeps a message for an absent subscriber though it is killed", async () => {
  const hivemq = await startHiveMq();
  try {
    const session: IClientOptions = {
      protocolVersion: 5,
      clientId: "absent",
      clean: false,
      properties: { sessionExpiryInterval: 600 },
    };
    const before = await connectAsync(hivemq.url, session);
    await before.subscribeAsync("energy/#", { qos: 1 });
    await before.endAsync();
    const publisher = await connectAsync(hivemq.url, { protocolVersion: 5 });
    await publisher.publishAsync("energy/a/b/power", "42", { qos: 1 });
    await publisher.endAsync();
    await hivemq.broker.kill();
    await hivemq.broker.start();
    const after = connect(hivemq.url, session);
    const received = await new Promise<string>((resolve) => {
      after.once("message", (topic, payload) => resolve(`${topic} ${payload}`));
    });
    assert.equal(received, "energy/a/b/power 42");
    await after.endAsync();
  } finally {
    await hivemq.stop();
  }
});

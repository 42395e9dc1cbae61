/** What HiveMQ CE, as it comes, keeps for a bridge, and what it tells of a takeover. */
import assert from "node:assert/strict";
import { connectAsync } from "mqtt";
import { eventually } from "../../shared/eventually.ts";
import { type HiveMq, startHiveMq } from "../../shared/services/testing/hivemq.ts";
import { KeptMessagesCheck } from "../../workers/bridge/check/kept_messages.ts";
import { DEADLINE, withLog } from "./bridge_setup.ts";

const CLIENT_ID = "the-client-id-that-somebody-else-has";

async function withHiveMq(run: (hiveMq: HiveMq) => Promise<void>): Promise<void> {
  const hiveMq = await startHiveMq();
  try {
    await run(hiveMq);
  } finally {
    await hiveMq.stop();
  }
}

Deno.test("KeptMessagesCheck finds the 1,000 messages that HiveMQ keeps", () =>
  withHiveMq(async ({ broker: { port } }) => {
    const mqtt = { host: "127.0.0.1", port, protocolVersion: 5 } as const;
    const settings = { sessionExpiryS: 60, counts: [500, 3000] };
    const check = await KeptMessagesCheck.open({ mqtt, random: Math.random }, settings);
    assert.deepEqual(await check.measure(() => {}), { count: 1000, isAtLeast: false });
    await check.close();
  }));

Deno.test("bridge says when another client takes its session at HiveMQ, and takes it back", () =>
  withHiveMq((hiveMq) =>
    withLog(async ({ start }) => {
      const bridge = start("--mqtt", hiveMq.url, "--client-id", CLIENT_ID);
      await bridge.ready();
      const other = await connectAsync(hiveMq.url, {
        ...{ protocolVersion: 5, clientId: CLIENT_ID, clean: false, reconnectPeriod: 0 },
        properties: { sessionExpiryInterval: 3600 },
      }, false);
      const taken = 'wattstream_bridge_session_lost_total{how="taken"}';
      await eventually(async () => assert.equal(await bridge.metric(taken), 1), DEADLINE);
      assert.ok(bridge.lines.some(({ level, message }) =>
        level === "error" && /another client has taken our session/.test(message)
      ));
      await bridge.ready();
      await other.endAsync(true);
      assert.equal(await bridge.metric('wattstream_bridge_session_lost_total{how="lost"}'), 0);
      assert.equal(await bridge.stop(), 0);
    })
  ));

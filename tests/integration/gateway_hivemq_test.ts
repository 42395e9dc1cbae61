/** HiveMQ CE takes ten events under way, and ends the connection over one more. */
import assert from "node:assert/strict";
import { eventually } from "../../shared/eventually.ts";
import { startHiveMq } from "../../shared/services/testing/hivemq.ts";
import { Uplink } from "../../workers/gateway/uplink/uplink.ts";
import { DEADLINE } from "./bridge_setup.ts";

const EVENTS = 250;

Deno.test("Uplink sends HiveMQ a backlog over one connection, each event once", async () => {
  const folder = await Deno.makeTempDir();
  const hiveMq = await startHiveMq();
  const connections: boolean[] = [];
  let published = 0;
  const uplink = new Uplink({
    mqtt: { host: "127.0.0.1", port: hiveMq.broker.port, protocolVersion: 5, clientId: "gateway" },
    ...{ folder: `${folder}/spool`, spoolBytes: 2 ** 20, nowMs: Date.now, random: Math.random },
    onProblem: (message) => assert.fail(message),
    onConnection: (isUp) => connections.push(isUp),
    onPublished: () => published++,
    onRefused: (reason) => assert.fail(reason),
    onDropped: () => assert.fail("lost events"),
    ...{ answerTopics: [], onAnswer: () => {} },
  });
  try {
    const payload = new TextEncoder().encode("{}");
    const topic = "energy/anna/flat/power";
    uplink.publish(Array.from({ length: EVENTS }, () => ({ topic, payload, arrivedMs: 0 })));
    await eventually(() => assert.equal(published, EVENTS), DEADLINE);
    assert.deepEqual(connections, [true]);
  } finally {
    await uplink.close(new AbortController().signal);
    await hiveMq.stop();
    await Deno.remove(folder, { recursive: true });
  }
});

/** Work of each kind for the workers: readings, states, and what must be refused. */
import { connectAsync } from "mqtt";
import { setTimeout as delay } from "node:timers/promises";
import type { NewRecord } from "../../shared/log/log.ts";
import { openLog } from "../../shared/log/open.ts";
import { DEVICE_STATE_TOPIC, POWER_TOPIC } from "../../shared/topics.ts";

const HOUSEHOLDS = 8;
const SECONDS = 60;

/** Appends a minute of some households to the log, and a record of each input that nobody can use. */
export async function appendInputs(url: string): Promise<void> {
  const log = await openLog(url);
  const appender = log.appender();
  const nowS = Math.floor(Date.now() / 1000);
  const records: NewRecord[] = [];
  for (let household = 0; household < HOUSEHOLDS; household++) {
    const key = `home-${household}`;
    const put = (topic: string, fields: Record<string, unknown>) =>
      records.push({
        topic,
        key: new TextEncoder().encode(key),
        value: new TextEncoder().encode(
          JSON.stringify({ client_id: key, username: "anna", ...fields }),
        ),
        headers: {},
      });
    for (let second = 0; second < SECONDS; second++) {
      const timestamp = nowS - SECONDS + second;
      put(POWER_TOPIC, { timestamp, consumption: second });
      put(DEVICE_STATE_TOPIC, { timestamp, state_bitmap: [true, false] });
    }
    put(POWER_TOPIC, { timestamp: nowS, consumption: "much" });
    put(DEVICE_STATE_TOPIC, { timestamp: nowS, state_bitmap: "on" });
  }
  try {
    await appender.append(records);
  } finally {
    await appender.close();
    await log.close();
  }
}

/** Publishes a reading, a state and rubbish, again and again until the signal. */
export async function publishAll(url: string, signal: AbortSignal): Promise<void> {
  const client = await connectAsync(url);
  const publish = (kind: string, fields: unknown) =>
    client.publishAsync(`energy/anna/home/${kind}`, JSON.stringify(fields), { qos: 1 });
  const household = { client_id: "home", username: "anna" };
  while (!signal.aborted) {
    await publish("power", { ...household, consumption: 1 });
    await publish("device-state", { ...household, state_bitmap: [true] });
    await publish("household", { ...household, devices: [{ name: "kettle" }] });
    await publish("power", "rubbish");
    await delay(200);
  }
  await client.endAsync();
}

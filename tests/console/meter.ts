/** A real meter as a test has it: it publishes its household's power every second. */
import mqtt from "mqtt";
import type { HouseholdIdentity } from "../../shared/events.ts";

const EVERY_MS = 1000;

export interface Meter {
  /** W, from the next reading on. */
  consumption: number;
  close(): Promise<void>;
}

export async function startMeter(port: string, household: HouseholdIdentity): Promise<Meter> {
  const { username, client_id } = household;
  const client = await mqtt.connectAsync(`mqtt://127.0.0.1:${port}`);
  const publish = () => {
    const timestamp = Math.floor(Date.now() / 1000);
    const reading = { ...household, timestamp, consumption: meter.consumption };
    client.publish(`energy/${username}/${client_id}/power`, JSON.stringify(reading), { qos: 1 });
  };
  const timer = setInterval(publish, EVERY_MS);
  const meter = {
    consumption: 100,
    async close() {
      clearInterval(timer);
      await client.endAsync();
    },
  };
  return meter;
}

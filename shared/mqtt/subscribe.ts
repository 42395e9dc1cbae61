/** Subscriptions of a client that reads many topics, some of which it may not. */
import type { MqttClient } from "mqtt";

/** Filters of one packet. */
const FILTERS_MAX = 500;
/** From this reason code on a subscription is refused. */
const REFUSED_FROM = 128;

/**
 * Subscribes at QoS 1 to all that the broker allows.
 * @returns the filters that it refuses.
 * @throws where the connection is lost meanwhile.
 */
export async function subscribeAll(
  client: MqttClient,
  filters: readonly string[],
): Promise<string[]> {
  const refused: string[] = [];
  for (let start = 0; start < filters.length; start += FILTERS_MAX) {
    const some = filters.slice(start, start + FILTERS_MAX);
    try {
      await client.subscribeAsync(some, { qos: 1 });
    } catch (error) {
      // mqtt.js makes an error of the whole packet where one of its filters is refused.
      const granted = (error as { readonly packet?: { readonly granted?: unknown[] } }).packet
        ?.granted;
      if (granted?.length !== some.length) throw error;
      refused.push(...some.filter((_, index) => Number(granted[index]) >= REFUSED_FROM));
    }
  }
  return refused;
}

/**
 * Takes back what a broker still has of a household: the retained messages of the publisher, and what
 * it has announced to Home Assistant.
 */
import { connectAsync } from "mqtt";
import { messageOf, WattstreamError } from "../../shared/errors.ts";
import type { HouseholdIdentity } from "../../shared/events.ts";
import { discoveryFilter } from "../../shared/answers/discovery.ts";
import { type MqttConfig, mqttOptions } from "../../shared/mqtt/flags.ts";
import { ping } from "../../shared/mqtt/ping.ts";
import { ANSWER_KINDS, answerTopic, hasTopics } from "../../shared/mqtt/topics.ts";
import { pause } from "../../shared/pause.ts";

/** A broker has nothing more that was silent for so long and then answers a ping. */
const QUIET_MS = 1_000;

/**
 * Takes back all of it. Returns how many messages that were; done again it finds none.
 * @throws WattstreamError `unavailable` where the broker cannot be reached, or refuses.
 */
export async function takeBackAnswers(
  config: MqttConfig,
  household: HouseholdIdentity,
): Promise<number> {
  if (!hasTopics(household)) return 0;
  try {
    const client = await connectAsync({ ...await mqttOptions(config), reconnectPeriod: 0 });
    try {
      const filters = ANSWER_KINDS.map((kind) => answerTopic(household, kind));
      const topics = new Set<string>();
      client.on("message", (topic, payload) => {
        if (payload.length > 0) topics.add(topic);
      });
      await client.subscribeAsync([...filters, discoveryFilter(household)], { qos: 0 });
      for (let before = -1; before < topics.size;) {
        before = topics.size;
        await pause(QUIET_MS);
        await ping(client);
      }
      for (const topic of topics) await client.publishAsync(topic, "", { qos: 1, retain: true });
      return topics.size;
    } finally {
      await client.endAsync(!client.connected);
    }
  } catch (cause) {
    if (cause instanceof WattstreamError) throw cause;
    throw new WattstreamError(
      "unavailable",
      `Give --mqtt a broker that lets us take back answers, as user publisher: ${messageOf(cause)}`,
      { cause },
    );
  }
}

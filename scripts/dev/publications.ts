/** What of this run's publications is in the log, to be held against what was acknowledged. */
import { decodeEvent, type DeviceState, deviceStateSchema } from "../../shared/events.ts";
import { deadLetterSchema, type Reading, readingSchema } from "../../shared/events.ts";
import type { Log, TopicDescription } from "../../shared/log/log.ts";
import { DEAD_LETTER_TOPIC, DEVICE_STATE_TOPIC, POWER_TOPIC } from "../../shared/topics.ts";

/** The simulator's users; others may publish beside them. */
const SIMULATED_USER = /^(user-\d+|replay)$/;

/** What has come into the log since a run began. */
export interface Arrivals {
  /** Distinct publications of the simulator, which has one of a kind a household and second. */
  readonly readings: number;
  readonly states: number;
  /** Messages of whomever, those refused and repeated ones included. */
  readonly messages: number;
}

/** Counts what has come in since the topics were as `before`. */
export async function countArrivals(
  log: Pick<Log, "read">,
  before: readonly TopicDescription[],
): Promise<Arrivals> {
  const since = (topic: string) => ({
    topic,
    from: before.find(({ name }) => name === topic)!.partitions.map(({ endOffset }) => endOffset),
  });
  const readings = new Publications();
  const states = new Publications();
  let messages = 0;
  for await (const { value } of log.read(since(POWER_TOPIC))) {
    if (value === null) continue; // a tick
    const decoded = decodeEvent(readingSchema, value);
    if (decoded.ok) readings.add(decoded.event);
    messages++;
  }
  for await (const { value } of log.read(since(DEVICE_STATE_TOPIC))) {
    const decoded = decodeEvent(deviceStateSchema, value);
    if (decoded.ok) states.add(decoded.event);
    messages++;
  }
  for await (const { value } of log.read(since(DEAD_LETTER_TOPIC))) {
    const letter = decodeEvent(deadLetterSchema, value);
    // The letters of the stream workers are about records that are in the log.
    if (!letter.ok || letter.event.source !== "bridge") continue;
    const payload = new TextEncoder().encode(letter.event.payload);
    const reading = decodeEvent(readingSchema, payload);
    const state = decodeEvent(deviceStateSchema, payload);
    if (reading.ok) readings.add(reading.event);
    else if (state.ok) states.add(state.event);
    messages++;
  }
  return { readings: readings.count, states: states.count, messages };
}

/** Distinct publications: a redelivered one counts once. */
class Publications {
  count = 0;
  /** Seconds of each household, by its user and client id. */
  readonly #secondsOf = new Map<string, Set<number>>();

  add({ client_id, username, timestamp }: Reading | DeviceState): void {
    if (!SIMULATED_USER.test(username)) return;
    const household = JSON.stringify([username, client_id]);
    let seconds = this.#secondsOf.get(household);
    if (seconds === undefined) this.#secondsOf.set(household, seconds = new Set());
    if (seconds.has(timestamp)) return;
    seconds.add(timestamp);
    this.count++;
  }
}

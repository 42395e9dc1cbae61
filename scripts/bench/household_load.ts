/** The load of the benchmarks: households that publish once a second, in event time order. */
import { type NewRecord, NO_HEADERS } from "../../shared/log/log.ts";
import { gatherPlaces, type RecordPlaces } from "../../shared/log/record_places.ts";
import { DEVICE_STATE_TOPIC, POWER_TOPIC } from "../../shared/topics.ts";

/** First event time, s: fixed, so that every run has the same records. */
export const START_S = 1_700_000_000;
const DEVICES = 6;
/** Of the households whose sessions stay open. */
const SESSION_DEVICES = 8;
/** Seconds of a labelled spell and of an unlabelled one. */
const SPELL_S = 66;
/** From the last reading to what closes all. */
const CLOSING_S = 60;

export interface LoadSize {
  /** Readings. */
  readonly count: number;
  readonly households: number;
}

/** One record of the load. */
export interface LoadRecord {
  readonly topic: string;
  /** Event time, s. */
  readonly timestamp: number;
  readonly key: string;
  readonly value: string;
}

/** How many readings a household has of all. */
export function readingCountOf(household: number, { count, households }: LoadSize): number {
  return Math.max(0, Math.ceil((count - household) / households));
}

/** Power, W, of the reading of this second. */
export function consumptionAt(household: number, second: number, load: LoadSize): number {
  return ((indexAt(household, second, load) * 7919) % 30_000) / 10;
}

/** Whether there is a state of this second, with states at all. */
export function isLabelledAt(household: number, second: number): boolean {
  return Math.floor((second - START_S + household) / SPELL_S) % 2 === 0;
}

export function bitmapAt(household: number, second: number, load: LoadSize): boolean[] {
  const index = indexAt(household, second, load);
  return Array.from({ length: DEVICES }, (_, device) => (index >> device) % 2 === 0);
}

/** Number of a reading among all. */
function indexAt(household: number, second: number, { households }: LoadSize): number {
  return (second - START_S) * households + household;
}

/** `count` readings of `households`, second by second; with states, half of them in spells. */
export function* householdLoad(
  load: LoadSize & { readonly states: boolean },
): Generator<LoadRecord> {
  const { count, households, states } = load;
  for (let index = 0; index < count; index++) {
    const household = index % households;
    const timestamp = START_S + Math.floor(index / households);
    const key = `household-${household}`;
    const identity = { client_id: key, username: `user-${household}`, timestamp };
    const consumption = consumptionAt(household, timestamp, load);
    yield {
      topic: POWER_TOPIC,
      timestamp,
      key,
      value: JSON.stringify({ ...identity, consumption }),
    };
    if (!states || !isLabelledAt(household, timestamp)) continue;
    const state_bitmap = bitmapAt(household, timestamp, load);
    yield {
      topic: DEVICE_STATE_TOPIC,
      timestamp,
      key,
      value: JSON.stringify({ ...identity, state_bitmap }),
    };
  }
}

/** Households that publish once a second, for loads as time goes by. */
export interface LiveHouseholds {
  /** What all of them publish in a second, or those of one of several slices. */
  recordsAt(
    timestamp: number,
    part?: { readonly slice: number; readonly of: number },
  ): NewRecord[];
}

/** With states, half of them in labelled spells, as {@link householdLoad} has them. */
export function liveHouseholds(
  { households, states }: { readonly households: number; readonly states: boolean },
): LiveHouseholds {
  return {
    recordsAt(timestamp, { slice, of } = { slice: 0, of: 1 }) {
      const records: NewRecord[] = [];
      for (let household = slice; household < households; household += of) {
        const key = `household-${household}`;
        const identity = { client_id: key, username: `user-${household}`, timestamp };
        const consumption = ((timestamp * 7919 + household) % 30_000) / 10;
        const append = (topic: string, own: object) =>
          records.push({ topic, key, value: JSON.stringify({ ...identity, ...own }) });
        append(POWER_TOPIC, { consumption });
        if (!states || Math.floor((timestamp + household) / SPELL_S) % 2 !== 0) continue;
        append(DEVICE_STATE_TOPIC, {
          state_bitmap: Array.from(
            { length: DEVICES },
            (_, device) => timestamp % (device + 2) === 0,
          ),
        });
      }
      return records;
    },
  };
}

/**
 * A reading and, with states, a state of each household, long after a {@link householdLoad}: every full
 * window and every session before them closes, whoever works them out.
 */
export function* closingEvents(
  { count, households, states }: LoadSize & { readonly states: boolean },
): Generator<LoadRecord> {
  const timestamp = START_S + Math.ceil(count / households) + CLOSING_S;
  for (let household = 0; household < households; household++) {
    const key = `household-${household}`;
    const identity = { client_id: key, username: `user-${household}`, timestamp };
    const recordOf = (topic: string, own: object) => ({
      ...{ topic, timestamp, key },
      value: JSON.stringify({ ...identity, ...own }),
    });
    yield recordOf(POWER_TOPIC, { consumption: 0 });
    if (states) {
      yield recordOf(DEVICE_STATE_TOPIC, { state_bitmap: new Array(DEVICES).fill(false) });
    }
  }
}

/** What these households publish in one second of sessions that stay open: eight devices each. */
export function* openSessions(
  households: readonly number[],
  { second, states }: { readonly second: number; readonly states: boolean },
): Generator<LoadRecord> {
  const timestamp = START_S + second;
  for (const household of households) {
    const key = `household-${household}`;
    const identity = { client_id: key, username: `user-${household}`, timestamp };
    const recordOf = (topic: string, own: object) => ({
      ...{ topic, timestamp, key },
      value: JSON.stringify({ ...identity, ...own }),
    });
    const consumption = ((second * 7919 + household) % 30_000) / 10;
    yield recordOf(POWER_TOPIC, { consumption });
    if (!states) continue;
    const state_bitmap = Array.from(
      { length: SESSION_DEVICES },
      (_, device) => (second >> device) % 2 === 0,
    );
    yield recordOf(DEVICE_STATE_TOPIC, { state_bitmap });
  }
}

/** The load as the records of one partition a topic, in the order of time, for benchmarks without a log. */
export function asPlaces(load: Iterable<LoadRecord>): Map<string, RecordPlaces> {
  const encoder = new TextEncoder();
  const byTopic = Map.groupBy(load, ({ topic }) => topic);
  return new Map(Array.from(byTopic, ([topic, records]) => {
    const source = { topic, partition: 0 };
    const placed = records.map(({ timestamp, key, value }, offset) => ({
      offset,
      appendMs: timestamp * 1000,
      key: encoder.encode(key),
      value: encoder.encode(value),
      headers: NO_HEADERS,
    }));
    return [topic, gatherPlaces(source, placed)];
  }));
}

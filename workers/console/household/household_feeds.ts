/** Households that somebody watches, each once for all its pages. */
import type { HouseholdIdentity } from "../../../shared/events.ts";
import { messageOf, WattstreamError } from "../../../shared/errors.ts";
import type { Log } from "../../../shared/log/log.ts";
import { partitionOf } from "../../../shared/log/partition.ts";
import { pause } from "../../../shared/pause.ts";
import { householdKey, POWER_TOPIC } from "../../../shared/topics.ts";
import { readNewest } from "../server/read_newest.ts";
import { encodeServerEvent, type Viewer } from "../server/viewer.ts";
import { HOUSEHOLD_TOPICS, keysOf, takeRecord } from "./household_records.ts";
import { HouseholdState } from "./household_state.ts";
import type { PartitionTails } from "./partition_tails.ts";

/** What has changed is sent so often. */
const EVERY_MS = 500;

export interface FeedParts {
  readonly log: Log;
  readonly tails: PartitionTails;
  readonly signal: AbortSignal;
}

interface Feed {
  readonly viewers: Set<Viewer>;
  readonly stop: AbortController;
  readonly state: HouseholdState;
  /** What is in the log was read. */
  isLoaded: boolean;
}

export class HouseholdFeeds {
  readonly #parts: FeedParts;
  readonly #feeds = new Map<string, Feed>();
  /** Of those that nobody watches any more too, until they have noticed. */
  readonly #running = new Set<Promise<void>>();

  constructor(parts: FeedParts) {
    this.#parts = parts;
  }

  /** Sends all there is of a household, then what changes. */
  join(household: HouseholdIdentity, viewer: Viewer): void {
    const key = householdKey(household);
    const feed = this.#feeds.get(key) ?? this.#start(household);
    feed.viewers.add(viewer);
    if (feed.isLoaded) viewer.send(encodeServerEvent("household", feed.state.all()));
  }

  leave(household: HouseholdIdentity, viewer: Viewer): void {
    const key = householdKey(household);
    const feed = this.#feeds.get(key);
    if (feed === undefined || !feed.viewers.delete(viewer) || feed.viewers.size > 0) return;
    feed.stop.abort();
    this.#feeds.delete(key);
  }

  /** Power since a second; nothing of a household that nobody watches. */
  readingsOf(household: HouseholdIdentity, sinceS: number): [second: number, watts: number][] {
    return this.#feeds.get(householdKey(household))?.state.readingsSince(sinceS) ?? [];
  }

  /** Resolves once nothing is read any more. */
  async close(): Promise<void> {
    for (const { stop } of this.#feeds.values()) stop.abort();
    await Promise.all(this.#running);
  }

  #start(household: HouseholdIdentity): Feed {
    const viewers = new Set<Viewer>();
    const stop = new AbortController();
    const state = new HouseholdState();
    const feed: Feed = { viewers, stop, state, isLoaded: false };
    const running = this.#run(household, feed).finally(() => this.#running.delete(running));
    this.#running.add(running);
    this.#feeds.set(householdKey(household), feed);
    return feed;
  }

  async #run(household: HouseholdIdentity, feed: Feed): Promise<void> {
    const { state, stop: { signal } } = feed;
    const send = (name: string, data: unknown) => {
      const bytes = encodeServerEvent(name, data);
      for (const viewer of [...feed.viewers]) viewer.send(bytes);
    };
    const away = (problem: string) => send("away", { problem });
    const isOwn = keysOf(household);
    const sendChanges = () => {
      const changes = state.changes();
      if (changes !== undefined) send("update", changes);
    };
    let stopListening = () => {};
    while (!signal.aborted && !feed.isLoaded) {
      try {
        const partition = await this.#partitionOf(household);
        stopListening();
        stopListening = await this.#parts.tails.listen(partition, {
          record: (record) => {
            if (isOwn(record)) takeRecord(state, household, record);
          },
          away,
        });
        for (const [topic, { readBack }] of Object.entries(HOUSEHOLD_TOPICS)) {
          const partitions = [partition];
          const options = { topic, count: readBack, partitions, signal };
          for await (const record of readNewest(this.#parts.log, options)) {
            if (isOwn(record)) takeRecord(state, household, record);
          }
          // Its power shows while the rest is still read.
          sendChanges();
        }
        feed.isLoaded = true;
      } catch (error) {
        away(messageOf(error));
        await pause(EVERY_MS, signal);
      }
    }
    state.changes();
    send("household", state.all());
    while (!signal.aborted) {
      await pause(EVERY_MS, signal);
      sendChanges();
    }
    stopListening();
  }

  async #partitionOf({ client_id }: HouseholdIdentity): Promise<number> {
    const [power] = await this.#parts.log.describe([POWER_TOPIC]);
    if (power === undefined) {
      throw new WattstreamError("unavailable", `There is no topic ${POWER_TOPIC} yet`);
    }
    return partitionOf(client_id, power.partitions.length);
  }
}

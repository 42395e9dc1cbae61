/**
 * Reads one partition ahead of whoever processes it: one answer in hand, one request under way. Only
 * committed records come out.
 *
 *   take(40) ─▶ 40..59 in hand, 60 under way ─▶ take(60) ─▶ 60..79 in hand, 80 under way …
 *
 * *At the end* is said only on a leader's word that cannot be outdated. A new leader may at first
 * know less of how far the log is safe than the former one said; it is asked once whether it has
 * caught up (ListOffsets, KIP-207) before it is believed.
 */
import { ProtocolError } from "@platformatic/kafka";
import { WattstreamError } from "../../../errors.ts";
import type { Fetched } from "../../log.ts";
import { FetchedRecords } from "../../record_places.ts";
import { type FetchedBatches, readPlaces, scanBatches } from "./batch_reader.ts";
import type { Cluster, Leader } from "../cluster/cluster.ts";
import { Connections } from "../cluster/connections.ts";
import { explain, isRetriable } from "../cluster/errors.ts";
import { nameOf, READ_COMMITTED, type TopicPartition } from "../cluster/offsets.ts";
import * as protocol from "../cluster/protocol.ts";
import { pause } from "../../../pause.ts";
import { backoffMs } from "../cluster/wait.ts";

/**
 * Bytes of one answer: some 1,600 readings, which a task takes as one batch. With half of it the
 * training takes more CPU time for its requests, and ten tasks some 15 MB less.
 */
const FETCH_BYTES = 160 << 10;
/** How long a broker holds a request that it has nothing for. */
const LONG_POLL_MS = 500;

/** Where the records of an answer begin, and what it brought. */
interface Chunk extends FetchedBatches {
  readonly offset: number;
  /** See {@link Fetched.atEndMs}. */
  readonly atEndMs: number | undefined;
}

export class PartitionFetcher {
  readonly #cluster: Cluster;
  readonly #target: TopicPartition;
  readonly #connections: Connections;
  readonly #nowMs: () => number;
  readonly #ended = new AbortController();
  /** Where the next request starts; undefined until someone asks. */
  #position: number | undefined;
  #ready: Chunk | undefined;
  /** The latest that is known of the end, for the offset it is known of. */
  #end: { readonly offset: number; readonly atEndMs: number } | undefined;
  #failure: WattstreamError | undefined;
  #failingSinceMs: number | undefined;
  /** Epoch of the leader that is known to have caught up. */
  #provenEpoch: number | undefined;
  #wake: () => void = () => {};
  #news: () => void = () => {};
  #loop: Promise<void> | undefined;

  constructor(cluster: Cluster, target: TopicPartition, nowMs: () => number) {
    this.#cluster = cluster;
    this.#target = target;
    this.#nowMs = nowMs;
    this.#connections = new Connections(cluster.settings);
  }

  /** Tells `news` whenever {@link take} may bring more than before. */
  onNews(news: () => void): void {
    this.#news = news;
  }

  /** Starts reading at `offset`, unless that is where the reading stands. */
  seek(offset: number): void {
    if (this.#ready?.offset === offset) return;
    if (this.#ready === undefined && this.#position === offset) return;
    this.#ready = undefined;
    this.#position = offset;
    if (this.#failure?.code === "retention") {
      // Only that place was lost.
      this.#failure = undefined;
      this.#failingSinceMs = undefined;
      this.#loop = this.#loop?.then(() => this.#run());
    }
    this.#loop ??= this.#run();
    this.#wake();
  }

  /** True where records, progress or a failure wait to be taken. */
  get hasNews(): boolean {
    return this.#ready !== undefined || this.#failure !== undefined;
  }

  /**
   * What there is from `offset` on, the place of the last {@link seek}; no records where nothing came
   * yet.
   * @throws WattstreamError `retention`, `unavailable`, `auth`, `topic`.
   */
  take(offset: number): Fetched {
    if (this.#failure !== undefined) throw this.#failure;
    const ready = this.#ready;
    if (ready === undefined) return this.#nothing(offset);
    const places = readPlaces(this.#target, ready.batches);
    this.#ready = undefined;
    this.#wake();
    return new FetchedRecords(places, ready);
  }

  async close(): Promise<void> {
    this.#ended.abort();
    this.#wake();
    await this.#connections.close();
    await this.#loop;
  }

  #nothing(offset: number): Fetched {
    const atEndMs = this.#end?.offset === offset ? this.#end.atEndMs : undefined;
    return new FetchedRecords(readPlaces(this.#target, []), { nextOffset: offset, atEndMs });
  }

  async #run(): Promise<void> {
    const ended = this.#ended.signal;
    for (let attempt = 0; !ended.aborted && this.#failure === undefined;) {
      if (this.#ready !== undefined) {
        await new Promise<void>((resolve) => this.#wake = resolve);
        continue;
      }
      const offset = this.#position!;
      try {
        const chunk = await this.#request(offset);
        attempt = 0;
        this.#failingSinceMs = undefined;
        if (this.#position === offset) this.#receive(chunk);
      } catch (error) {
        if (ended.aborted) return;
        this.#cluster.forgetLeaders(this.#target.topic);
        if (this.#position === offset) this.#judge(error, offset);
        await pause(backoffMs(++attempt), ended);
      }
    }
  }

  #receive(chunk: Chunk): void {
    this.#position = chunk.nextOffset;
    if (chunk.atEndMs !== undefined) {
      this.#end = { offset: chunk.nextOffset, atEndMs: chunk.atEndMs };
    }
    if (chunk.nextOffset > chunk.offset) {
      this.#ready = chunk;
      this.#news();
    }
  }

  /** Decides whether a failure passes. */
  #judge(error: unknown, offset: number): void {
    const sinceMs = this.#failingSinceMs ??= performance.now();
    const isOver = performance.now() - sinceMs >= this.#cluster.patience.patienceMs;
    if (isRetriable(error) && !isOver) return;
    const explained = explain(error, {
      operation: "READ",
      resource: `topic ${this.#target.topic}`,
    });
    this.#failure = explained.code === "retention"
      ? new WattstreamError(
        "retention",
        `Offset ${offset} of ${nameOf(this.#target)} is needed and not held (any more): ` +
          "keep records longer than workers stand still (retention.ms, retention.bytes)",
        { cause: error },
      )
      : explained;
    this.#news();
  }

  async #request(offset: number): Promise<Chunk> {
    const { topic, partition } = this.#target;
    const leader = await this.#cluster.leader(topic, partition);
    if (this.#provenEpoch !== leader.epoch) await this.#prove(leader);
    const sentMs = this.#nowMs();
    const answer = await this.#connections.call(
      leader,
      protocol.fetch,
      LONG_POLL_MS,
      1,
      FETCH_BYTES,
      READ_COMMITTED,
      0,
      -1,
      [protocol.fetchTopic({
        topic,
        partition,
        leaderEpoch: leader.epoch,
        offset,
        bytesMax: FETCH_BYTES,
      })],
      [],
      "",
    );
    const [own] = answer.partitions;
    const errorCode = answer.errorCode || own?.errorCode;
    if (errorCode) throw new ProtocolError(errorCode);
    const bytes = own?.records ?? NO_BYTES;
    const scanned = scanBatches({ topic, partition, offset, bytes, aborted: own?.aborted ?? [] });
    const isAtEnd = own !== undefined && scanned.nextOffset >= own.highWatermark;
    return { ...scanned, offset, atEndMs: isAtEnd ? sentMs : undefined };
  }

  /** Resolves once the leader knows of everything that the former one called safe. */
  async #prove(leader: Leader): Promise<void> {
    const { topic, partition } = this.#target;
    await this.#connections.call(leader, protocol.listOffsets, -1, 0, [{
      name: topic,
      partitions: [{
        partitionIndex: partition,
        currentLeaderEpoch: leader.epoch,
        timestamp: -1n,
      }],
    }]);
    this.#provenEpoch = leader.epoch;
  }
}

const NO_BYTES = new Uint8Array();

/**
 * The requests that the adapter makes, each in one version that Kafka 3.1 and later speak. They are
 * those of the client; Produce and Fetch have bodies of their own, so that record batches are
 * written and read without an object per field (`records/`), and so that errors of one partition do
 * not hide the answers for the others.
 *
 * The client's own Producer and Consumer (2.12.1) are not used. They cannot keep exactly-once:
 * - `Consumer.fetch` keeps one range of aborted records per producer and answer. Seen: of two aborted
 *   transactions of one producer, the record of the first comes out as committed.
 * - `Producer` repeats EndTxn, TxnOffsetCommit and AddPartitionsToTxn after a connection failed. The
 *   first copy may still be on its way, and then acts on the transaction after.
 * - `Producer` sends AddPartitionsToTxn in version 5; from 4 on it is for brokers. Seen: a client that
 *   may only write its topics is refused, it takes CLUSTER_ACTION on the cluster.
 * - `Producer` takes a new identity by itself where its sequence is lost, in the middle of things.
 * - `Consumer` rejoins by itself, before the tasks that it lost can be told.
 */
import {
  addOffsetsToTxnV3,
  addPartitionsToTxnV3,
  type API,
  createAPI,
  createPartitionsV3,
  createTopicsV7,
  deleteRecordsV2,
  describeConfigsV4,
  describeGroupsV5,
  describeLogDirsV4,
  describeProducersV0,
  describeTransactionsV0,
  endTxnV3,
  fetchV12,
  findCoordinatorV4,
  heartbeatV4,
  incrementalAlterConfigsV1,
  initProducerIdV4,
  joinGroupV7,
  leaveGroupV4,
  listGroupsV4,
  listOffsetsV7,
  metadataV12,
  offsetFetchV8,
  type Reader,
  syncGroupV5,
  txnOffsetCommitV3,
  Writer,
} from "@platformatic/kafka";

export const addOffsetsToTxn = addOffsetsToTxnV3.api;
export const addPartitionsToTxn = addPartitionsToTxnV3.api;
export const createPartitions = createPartitionsV3.api;
export const createTopics = createTopicsV7.api;
export const deleteRecords = deleteRecordsV2.api;
export const describeConfigs = describeConfigsV4.api;
export const describeGroups = describeGroupsV5.api;
export const describeLogDirs = describeLogDirsV4.api;
export const describeProducers = describeProducersV0.api;
export const describeTransactions = describeTransactionsV0.api;
export const endTxn = endTxnV3.api;
export const findCoordinator = findCoordinatorV4.api;
export const heartbeat = heartbeatV4.api;
export const incrementalAlterConfigs = incrementalAlterConfigsV1.api;
export const initProducerId = initProducerIdV4.api;
export const joinGroup = joinGroupV7.api;
export const leaveGroup = leaveGroupV4.api;
export const listGroups = listGroupsV4.api;
export const listOffsets = listOffsetsV7.api;
export const metadata = metadataV12.api;
export const offsetFetch = offsetFetchV8.api;
export const syncGroup = syncGroupV5.api;
export const txnOffsetCommit = txnOffsetCommitV3.api;

const PRODUCE = 0;
const FETCH = 1;
const WRITE_TXN_MARKERS = 27;

/** Record batches for one partition, in the order in which they are to stand in it. */
export interface ProducePartition {
  readonly topic: string;
  readonly partition: number;
  /** One whole record batch. */
  readonly batch: Uint8Array;
}

export interface ProduceAnswer {
  readonly topic: string;
  readonly partition: number;
  readonly errorCode: number;
  readonly errorMessage: string | null;
}

/** Answers once every in-sync replica holds the batches (acks = all). */
export const produce: API<
  [transactionalId: string | null, timeoutMs: number, partitions: readonly ProducePartition[]],
  ProduceAnswer[]
> = createAPI(PRODUCE, 9, writeProduce, readProduce);

function writeProduce(
  transactionalId: string | null,
  timeoutMs: number,
  partitions: readonly ProducePartition[],
): Writer {
  const byTopic = Map.groupBy(partitions, (each) => each.topic);
  return Writer.create()
    .appendString(transactionalId)
    .appendInt16(-1)
    .appendInt32(timeoutMs)
    .appendArray([...byTopic], (topics, [topic, own]) => {
      topics.appendString(topic).appendArray(own, (each, { partition, batch }) => {
        each.appendInt32(partition)
          .appendUnsignedVarInt(batch.length + 1)
          .append(batch as Parameters<Writer["append"]>[0]);
      });
    })
    .appendTaggedFields();
}

function readProduce(_correlation: number, _key: number, _version: number, reader: Reader) {
  const answers: ProduceAnswer[] = [];
  reader.readArray((topics) => {
    const topic = topics.readString();
    topics.readArray((each) => {
      const partition = each.readInt32();
      const errorCode = each.readInt16();
      each.skip(3 * 8); // base offset, append time, log start
      each.readArray((errors) => {
        errors.readInt32();
        errors.readNullableString();
      });
      answers.push({ topic, partition, errorCode, errorMessage: each.readNullableString() });
    });
  });
  return answers;
}

/** What a broker says about one partition in answer to a fetch. */
export interface FetchAnswer {
  readonly topic: string;
  readonly partition: number;
  readonly errorCode: number;
  readonly highWatermark: number;
  readonly lastStableOffset: number;
  readonly logStartOffset: number;
  /** Ascending by `firstOffset`. */
  readonly aborted: readonly AbortedTransaction[];
  /** Record batches, the last of them perhaps cut off. */
  readonly records: Uint8Array | null;
}

/** Records of this producer from `firstOffset` on, up to its abort marker, do not count. */
export interface AbortedTransaction {
  readonly producerId: bigint;
  readonly firstOffset: number;
}

export interface FetchAnswers {
  readonly errorCode: number;
  readonly partitions: readonly FetchAnswer[];
}

/** Without a fetch session: it saves little for a partition or two. */
export const fetch: API<
  Parameters<typeof fetchV12.createRequest>,
  FetchAnswers
> = createAPI(FETCH, 12, fetchV12.createRequest, readFetch);

function readFetch(
  _correlation: number,
  _key: number,
  _version: number,
  reader: Reader,
): FetchAnswers {
  reader.readInt32(); // throttle time
  const errorCode = reader.readInt16();
  reader.readInt32(); // session
  const partitions: FetchAnswer[] = [];
  reader.readArray((topics) => {
    const topic = topics.readString();
    topics.readArray((each) => {
      const fields = {
        topic,
        partition: each.readInt32(),
        errorCode: each.readInt16(),
        highWatermark: Number(each.readInt64()),
        lastStableOffset: Number(each.readInt64()),
        logStartOffset: Number(each.readInt64()),
      };
      const aborted = each.readNullableArray((one) => ({
        producerId: one.readInt64(),
        firstOffset: Number(one.readInt64()),
      })) ?? [];
      aborted.sort((a, b) => a.firstOffset - b.firstOffset);
      each.readInt32(); // preferred read replica
      partitions.push({ ...fields, aborted, records: each.readNullableBytes() });
    });
  });
  return { errorCode, partitions };
}

/** One partition to fetch. */
export interface FetchRequest {
  readonly topic: string;
  readonly partition: number;
  readonly leaderEpoch: number;
  readonly offset: number;
  readonly bytesMax: number;
}

/** The topics part of a fetch for one partition. */
export function fetchTopic(
  request: FetchRequest,
): Parameters<typeof fetchV12.createRequest>[6][number] {
  return {
    topicId: request.topic,
    partitions: [{
      partition: request.partition,
      currentLeaderEpoch: request.leaderEpoch,
      fetchOffset: BigInt(request.offset),
      lastFetchedEpoch: -1,
      partitionMaxBytes: request.bytesMax,
    }],
  };
}

/** The end of a producer's transaction, to be written into partitions that have not heard of it. */
export interface TransactionMarker {
  readonly producerId: bigint;
  readonly producerEpoch: number;
  readonly isCommit: boolean;
  readonly coordinatorEpoch: number;
  readonly topic: string;
  readonly partition: number;
}

/** Takes ALTER on the cluster. Answers with an error code a marker. */
export const writeTxnMarkers: API<[markers: readonly TransactionMarker[]], number[]> = createAPI(
  WRITE_TXN_MARKERS,
  1,
  (markers: readonly TransactionMarker[]) =>
    Writer.create()
      .appendArray([...markers], (each, marker) => {
        each.appendInt64(marker.producerId)
          .appendInt16(marker.producerEpoch)
          .appendBoolean(marker.isCommit)
          .appendArray([marker], (topics, { topic, partition }) => {
            topics.appendString(topic)
              .appendArray([partition], (one, index) => one.appendInt32(index), true, false);
          })
          .appendInt32(marker.coordinatorEpoch);
      })
      .appendTaggedFields(),
  (_correlation, _key, _version, reader) => {
    const errorCodes: number[] = [];
    reader.readArray((markers) => {
      markers.readInt64(); // producer id
      markers.readArray((topics) => {
        topics.readString();
        topics.readArray((each) => {
          each.readInt32();
          errorCodes.push(each.readInt16());
        });
      });
    });
    return errorCodes;
  },
);

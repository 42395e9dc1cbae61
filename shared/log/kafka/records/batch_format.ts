/**
 * The record batch of Kafka (format version 2): one run of records of one partition, as it goes over
 * the wire and stands on disk. Positions are of the bytes from the batch's start.
 *
 *   base offset 8 │ length 4 │ leader epoch 4 │ magic 1 │ crc 4 │ attributes 2 │ last offset delta 4 │
 *   base time 8 │ max time 8 │ producer id 8 │ producer epoch 2 │ base sequence 4 │ count 4 │ records …
 */

export const LENGTH_AT = 8;
export const LEADER_EPOCH_AT = 12;
export const MAGIC_AT = 16;
export const CRC_AT = 17;
/** The checksum covers everything from here on. */
export const ATTRIBUTES_AT = 21;
export const LAST_OFFSET_DELTA_AT = 23;
export const BASE_TIME_AT = 27;
export const MAX_TIME_AT = 35;
export const PRODUCER_ID_AT = 43;
export const PRODUCER_EPOCH_AT = 51;
export const BASE_SEQUENCE_AT = 53;
export const COUNT_AT = 57;
export const RECORDS_AT = 61;

/** `length` counts from behind itself. */
export const LENGTH_END = LENGTH_AT + 4;

export const MAGIC = 2;

export const COMPRESSION_MASK = 0b111;
export const LOG_APPEND_TIME = 1 << 3;
export const TRANSACTIONAL = 1 << 4;
export const CONTROL = 1 << 5;

/** Compression codecs by their number in the attributes. */
export const CODECS = ["none", "gzip", "snappy", "lz4", "zstd"] as const;

/** Marker types of a control batch, in the key of its record. */
export const ABORT_MARKER = 0;

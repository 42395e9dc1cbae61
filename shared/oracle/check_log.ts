/**
 * Checks a whole log, partition by partition: what the workers emitted and refused, against what the
 * oracle says they owe. The log must be at rest. Where its oldest records have been removed, what can
 * be judged of the rest is (cut.ts): windows and datasets, but neither outcomes nor dead letters.
 */
import { type DeadLetter, deadLetterPayload, deadLetterSchema, decodeEvent } from "../events.ts";
import { WattstreamError } from "../errors.ts";
import type { Log, LogRecord, TopicDescription } from "../log/log.ts";
import {
  DATASET_TOPIC,
  DEAD_LETTER_TOPIC,
  DEVICE_STATE_TOPIC,
  POWER_TOPIC,
  PREDICTIONS_GROUP,
  PREDICTIONS_TOPIC,
  TRAINING_GROUP,
} from "../topics.ts";
import { horizonOf, judgeable } from "./cut.ts";
import { compareOutputs, type Correctness, correctnessOf, noTally } from "./compare.ts";
import { type Percentiles, percentilesOf } from "./compare.ts";
import type { ExpectedDeadLetter } from "./entries.ts";
import { expectPredictions, expectTraining } from "./oracle.ts";
import { erasOf, inOrder, isGrowTick } from "./placement.ts";
import { addCounts, noOutcomes, type Outcomes, type Semantics } from "./semantics.ts";

/** Records in each topic. */
export interface TopicCounts {
  /** Without ticks. */
  power: number;
  device_state: number;
  predictions: number;
  dataset2train: number;
  dead_letter: number;
}

/** The dead letters of the two stream workers; those of others (the bridge) are not judged. */
export interface DeadLetterCheck {
  expected: number;
  /** There, with the right reason, payload and arrival. */
  matching: number;
  /** No dead letter by this worker about this record. */
  lost: number;
  /** Beyond the first by this worker about this record. */
  duplicated: number;
  /** About a record that this worker should not have refused. */
  unexpected: number;
}

export interface LogCheck {
  readonly correctness: Correctness;
  readonly outcomes: {
    readonly predictions: Outcomes;
    readonly training: Outcomes;
    /** Both workers together: what the closing report prints. */
    readonly total: Outcomes;
  };
  readonly latency_ms: { readonly reading_to_window: Percentiles };
  /** The longest of these; null where there is none. */
  readonly readingToWindowMsMax: number | null;
  readonly log: TopicCounts;
  readonly deadLetters: DeadLetterCheck;
  /** Whether its oldest records have been removed. */
  readonly isCut: boolean;
}

const TOPICS = [
  POWER_TOPIC,
  DEVICE_STATE_TOPIC,
  PREDICTIONS_TOPIC,
  DATASET_TOPIC,
  DEAD_LETTER_TOPIC,
];

/**
 * Runs the oracle over everything in the log.
 * @throws WattstreamError `topic` when a topic is missing or has another number of partitions.
 */
export async function checkLog(
  log: Pick<Log, "describe" | "read">,
  semantics: Semantics,
): Promise<LogCheck> {
  const topics = await describeTopics(log);
  const partitionCount = topics.get(POWER_TOPIC)!.partitions.length;
  const letters = await readDeadLetters(log);
  const outcomes = { predictions: noOutcomes(), training: noOutcomes(), total: noOutcomes() };
  const counts: TopicCounts = {
    power: 0,
    device_state: 0,
    predictions: 0,
    dataset2train: 0,
    dead_letter: letters.count,
  };
  const tally = noTally();
  const latenciesMs: number[] = [];
  let isCut = false;
  const read = (topic: string) => (partition: number) =>
    readPartition(log, topics.get(topic)!, partition);
  for (const partitions of await togetherIn(read(POWER_TOPIC), partitionCount)) {
    const power = await readEach(partitions, read(POWER_TOPIC));
    const deviceState = await readEach(partitions, read(DEVICE_STATE_TOPIC));
    const eras = inOrder(
      partitions.flatMap((_, index) =>
        erasOf({ power: power[index]!, deviceState: deviceState[index]! }, partitionCount)
      ),
    );
    const predictions = expectPredictions(eras, semantics);
    const training = expectTraining(eras, semantics);
    const windows = await readEach(partitions, read(PREDICTIONS_TOPIC));
    const datasets = await readEach(partitions, read(DATASET_TOPIC));
    const actual = { predictions: inTime(windows), datasets: inTime(datasets) };
    const held = [
      { topic: topics.get(POWER_TOPIC)!, records: power },
      { topic: topics.get(DEVICE_STATE_TOPIC)!, records: deviceState },
      { topic: topics.get(PREDICTIONS_TOPIC)!, records: windows },
      { topic: topics.get(DATASET_TOPIC)!, records: datasets },
    ].map((each) => ({ ...each, partitions }));
    const horizonS = horizonOf(held, semantics);
    const outputs = judgeable({ expected: { predictions, training }, actual }, horizonS, semantics);
    const comparison = compareOutputs(outputs.expected, outputs.actual);
    if (horizonS > -Infinity) isCut = true;
    addCounts(tally, comparison.tally);
    for (const sampleMs of comparison.readingToWindowMs) latenciesMs.push(sampleMs);
    addCounts(outcomes.predictions, predictions.outcomes);
    addCounts(outcomes.training, training.outcomes);
    const inputs = [...power, ...deviceState];
    matchDeadLetters(letters, PREDICTIONS_GROUP, predictions.deadLetters, inputs);
    matchDeadLetters(letters, TRAINING_GROUP, training.deadLetters, inputs);
    counts.power += power.flat().length - predictions.outcomes.tick;
    counts.device_state += deviceState.flat().length;
    counts.predictions += actual.predictions.length;
    counts.dataset2train += actual.datasets.length;
  }
  addCounts(outcomes.total, outcomes.predictions);
  addCounts(outcomes.total, outcomes.training);
  return {
    correctness: correctnessOf(tally),
    outcomes,
    latency_ms: { reading_to_window: percentilesOf(latenciesMs) },
    readingToWindowMsMax: latenciesMs.reduce<number | null>(
      (max, sampleMs) => Math.max(max ?? sampleMs, sampleMs),
      null,
    ),
    log: counts,
    deadLetters: checkOf(letters),
    isCut,
  };
}

/**
 * The partitions that are checked at a time: each by itself, or all at once where the topics were given
 * more partitions, since households went from one to another then.
 */
async function togetherIn(
  readPower: (partition: number) => Promise<LogRecord[]>,
  partitionCount: number,
): Promise<number[][]> {
  const all = Array.from({ length: partitionCount }, (_, partition) => partition);
  // Every partition that there was has the tick.
  const hasGrown = (await readPower(0)).some(isGrowTick);
  return hasGrown ? [all] : all.map((partition) => [partition]);
}

async function readEach(
  partitions: readonly number[],
  read: (partition: number) => Promise<LogRecord[]>,
): Promise<LogRecord[][]> {
  const records: LogRecord[][] = [];
  for (const partition of partitions) records.push(await read(partition));
  return records;
}

/** The records of several partitions in the order of time; those of one partition as they stand. */
function inTime(partitions: readonly LogRecord[][]): LogRecord[] {
  if (partitions.length === 1) return partitions[0]!;
  return partitions.flat().sort((a, b) => a.appendMs - b.appendMs);
}

/** Outputs are compared a partition at a time, so each topic must have as many as `power`. */
async function describeTopics(
  log: Pick<Log, "describe">,
): Promise<Map<string, TopicDescription>> {
  const topics = new Map((await log.describe(TOPICS)).map((topic) => [topic.name, topic]));
  const missing = TOPICS.filter((name) => !topics.has(name));
  if (missing.length > 0) {
    throw new WattstreamError("topic", `Create the topics first, missing: ${missing.join(", ")}`);
  }
  const wanted = topics.get(POWER_TOPIC)!.partitions.length;
  for (const name of [DEVICE_STATE_TOPIC, PREDICTIONS_TOPIC, DATASET_TOPIC]) {
    const found = topics.get(name)!.partitions.length;
    if (found !== wanted) {
      throw new WattstreamError(
        "topic",
        `Give topic ${name} as many partitions as ${POWER_TOPIC} (${wanted}): it has ${found}`,
      );
    }
  }
  return topics;
}

/** All records of one partition: the log is asked for nothing of the others. */
async function readPartition(
  log: Pick<Log, "read">,
  topic: TopicDescription,
  partition: number,
): Promise<LogRecord[]> {
  const from = topic.partitions.map((other) =>
    other.partition === partition ? other.startOffset : other.endOffset
  );
  const records: LogRecord[] = [];
  for await (const record of log.read({ topic: topic.name, from })) {
    if (record.partition === partition) records.push(record);
  }
  return records;
}

/** The first dead letter of each worker about each record, and what has been found out so far. */
interface DeadLetters {
  readonly count: number;
  readonly first: Map<string, DeadLetter>;
  readonly check: DeadLetterCheck;
}

async function readDeadLetters(log: Pick<Log, "read">): Promise<DeadLetters> {
  const first = new Map<string, DeadLetter>();
  const check = { expected: 0, matching: 0, lost: 0, duplicated: 0, unexpected: 0 };
  let count = 0;
  for await (const record of log.read({ topic: DEAD_LETTER_TOPIC })) {
    count++;
    const decoded = decodeEvent(deadLetterSchema, record.value);
    if (!decoded.ok) {
      check.unexpected++;
      continue;
    }
    const letter = decoded.event;
    if (letter.source !== PREDICTIONS_GROUP && letter.source !== TRAINING_GROUP) continue;
    const identity = identityOf(letter.source, letter);
    if (first.has(identity)) check.duplicated++;
    else first.set(identity, letter);
  }
  return { count, first, check };
}

function placeOf(
  { topic, partition, offset }: Pick<LogRecord, "topic" | "partition" | "offset">,
): string {
  return `${topic} ${partition} ${offset}`;
}

function identityOf(
  source: string,
  place: Pick<DeadLetter, "topic" | "partition" | "offset">,
): string {
  return `${source} ${place.topic} ${place.partition} ${place.offset}`;
}

/** Takes the dead letters found out of `letters.first`: what remains at the end is unexpected. */
function matchDeadLetters(
  letters: DeadLetters,
  source: string,
  expected: readonly ExpectedDeadLetter[],
  inputs: readonly LogRecord[][],
): void {
  if (expected.length === 0) return;
  const refused = new Map(
    inputs.flat().map((record) => [placeOf(record), record]),
  );
  for (const place of expected) {
    letters.check.expected++;
    const identity = identityOf(source, place);
    const letter = letters.first.get(identity);
    if (letter === undefined) {
      letters.check.lost++;
      continue;
    }
    letters.first.delete(identity);
    const record = refused.get(placeOf(place))!;
    if (letter.reason === place.reason && quotes(letter, record)) letters.check.matching++;
  }
}

/** True where the letter keeps the record exactly as it came. */
function quotes(letter: DeadLetter, record: LogRecord): boolean {
  const { payload, payload_encoding } = deadLetterPayload(record.value);
  return letter.payload === payload && letter.payload_encoding === payload_encoding &&
    letter.received_at === record.appendMs;
}

function checkOf(letters: DeadLetters): DeadLetterCheck {
  const { check, first } = letters;
  return { ...check, unexpected: check.unexpected + first.size };
}

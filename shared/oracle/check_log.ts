/**
 * Checks a whole log: what the workers emitted and refused, against what the oracle says they owe. The
 * log must be at rest. It is read a partition at a time, and of that as many households at a time as
 * memory is given for. Where its oldest records have been removed, what can be judged of the rest is
 * (cut.ts): windows and datasets, but neither outcomes nor dead letters.
 */
import { WattstreamError } from "../errors.ts";
import type { Reading } from "../events.ts";
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
import { Comparison } from "./compare.ts";
import { type Beginning, horizonOf } from "./cut.ts";
import type { Entry, InputEvent } from "./entries.ts";
import { History } from "./history.ts";
import { readInTime } from "./in_time.ts";
import { Latencies, type Percentiles } from "./latencies.ts";
import { type DeadLetterCheck, DeadLetters } from "./letters.ts";
import { predictionsOf, readInput, trainingOf } from "./oracle.ts";
import { partitionsTogether, type Together } from "./growth.ts";
import { isGrowTick } from "./placement.ts";
import { addCounts, noOutcomes, type Outcomes, type Semantics } from "./semantics.ts";
import { holdsInput, holdsOutput, type Share } from "./share.ts";
import { type Correctness, correctnessOf, noTally } from "./tally.ts";

/** Inputs of the households that are judged at a time: some 300 bytes each. */
const INPUTS_AT_A_TIME = 500_000;

/** Records in each topic. */
export interface TopicCounts {
  /** Without ticks. */
  power: number;
  device_state: number;
  predictions: number;
  dataset2train: number;
  dead_letter: number;
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

const COMPARED = [POWER_TOPIC, DEVICE_STATE_TOPIC, PREDICTIONS_TOPIC, DATASET_TOPIC];

type ReadableLog = Pick<Log, "describe" | "read">;

/**
 * Runs the oracle over everything in the log.
 * @param inputsAtATime of the households that are judged at a time, about
 * @throws WattstreamError `topic` when a topic is missing or has another number of partitions.
 */
export async function checkLog(
  log: ReadableLog,
  semantics: Semantics,
  inputsAtATime = INPUTS_AT_A_TIME,
): Promise<LogCheck> {
  const topics = await describeTopics(log);
  const letters = await DeadLetters.read(log);
  const check = new RunningCheck({ log, semantics, topics, letters });
  for (const together of await partitionsTogether(log, topics.get(POWER_TOPIC)!)) {
    const inputs = [POWER_TOPIC, DEVICE_STATE_TOPIC].flatMap((topic) =>
      together.partitions.map((partition) => topics.get(topic)!.partitions[partition]!)
    ).reduce((sum, { startOffset, endOffset }) => sum + endOffset - startOffset, 0);
    const of = Math.max(1, Math.ceil(inputs / inputsAtATime));
    for (let index = 0; index < of; index++) await check.take(together, { index, of });
  }
  return check.end();
}

interface CheckParts {
  readonly log: ReadableLog;
  readonly semantics: Semantics;
  readonly topics: ReadonlyMap<string, TopicDescription>;
  readonly letters: DeadLetters;
}

/** What has been found out so far. */
class RunningCheck {
  readonly #parts: CheckParts;
  readonly #outcomes = { predictions: noOutcomes(), training: noOutcomes(), total: noOutcomes() };
  readonly #counts: TopicCounts;
  readonly #tally = noTally();
  readonly #latencies = new Latencies();
  #isCut = false;

  constructor(parts: CheckParts) {
    this.#parts = parts;
    this.#counts = {
      ...{ power: 0, device_state: 0, predictions: 0, dataset2train: 0 },
      dead_letter: parts.letters.count,
    };
  }

  /** Checks a share of the households in these partitions. */
  async take({ partitions, formerCounts }: Together, share: Share): Promise<void> {
    const { semantics, letters } = this.#parts;
    const histories = {
      predictions: new History<Reading>(semantics),
      training: new History<InputEvent>(semantics),
    };
    for (const [index, partition] of partitions.entries()) {
      await this.#takeInputs({ partition, formerCounts: formerCounts[index]! }, share, histories);
    }
    const predictions = predictionsOf(histories.predictions, semantics);
    const training = trainingOf(histories.training, semantics);
    addCounts(this.#outcomes.predictions, predictions.outcomes);
    addCounts(this.#outcomes.training, training.outcomes);
    this.#counts.power -= predictions.outcomes.tick;
    letters.expect(PREDICTIONS_GROUP, predictions.deadLetters);
    letters.expect(TRAINING_GROUP, training.deadLetters);
    const horizonS = await this.#horizonOf(partitions);
    if (horizonS > -Infinity) this.#isCut = true;
    const { gapS } = semantics;
    const comparison = new Comparison(
      { predictions, training, horizonS, gapS },
      this.#latencies,
    );
    await this.#takeOutputs(partitions, share, comparison);
    addCounts(this.#tally, comparison.end());
  }

  end(): LogCheck {
    const { predictions, training, total } = this.#outcomes;
    addCounts(total, predictions);
    addCounts(total, training);
    return {
      correctness: correctnessOf(this.#tally),
      outcomes: this.#outcomes,
      latency_ms: { reading_to_window: this.#latencies.percentiles },
      readingToWindowMsMax: this.#latencies.msMax,
      log: this.#counts,
      deadLetters: this.#parts.letters.end(),
      isCut: this.#isCut,
    };
  }

  async #takeInputs(
    { partition, formerCounts }: {
      readonly partition: number;
      readonly formerCounts: readonly number[];
    },
    share: Share,
    histories: Histories,
  ): Promise<void> {
    const { semantics: { maxAheadS }, topics, letters } = this.#parts;
    const counts = [...formerCounts, topics.get(POWER_TOPIC)!.partitions.length];
    beginEra(histories, counts[0]!);
    let era = 0;
    for await (const record of this.#read([DEVICE_STATE_TOPIC, POWER_TOPIC], [partition])) {
      if (holdsInput(share, record)) {
        letters.pass(record);
        this.#counts[record.topic === POWER_TOPIC ? "power" : "device_state"]++;
        take(histories, readInput(record, { partitionCount: counts[era]!, maxAheadS }));
      } else {
        pass(histories, record);
      }
      if (isGrowTick(record)) beginEra(histories, counts[++era]!);
    }
  }

  async #takeOutputs(
    partitions: readonly number[],
    share: Share,
    comparison: Comparison,
  ): Promise<void> {
    for await (const record of this.#read([PREDICTIONS_TOPIC], partitions)) {
      if (!holdsOutput(share, record)) continue;
      this.#counts.predictions++;
      comparison.takeWindow(record);
    }
    for await (const record of this.#read([DATASET_TOPIC], partitions)) {
      if (!holdsOutput(share, record)) continue;
      this.#counts.dataset2train++;
      comparison.takeDataset(record);
    }
  }

  async #horizonOf(partitions: readonly number[]): Promise<number> {
    const beginnings: Beginning[] = [];
    for (const topic of COMPARED) {
      for (const partition of partitions) {
        const { startOffset } = this.#parts.topics.get(topic)!.partitions[partition]!;
        if (startOffset === 0) continue;
        let firstAppendMs: number | undefined;
        for await (const { appendMs } of this.#read([topic], [partition])) {
          firstAppendMs = appendMs;
          break;
        }
        beginnings.push({ startOffset, firstAppendMs });
      }
    }
    return horizonOf(beginnings, this.#parts.semantics);
  }

  #read(topics: readonly string[], partitions: readonly number[]): AsyncIterable<LogRecord> {
    return readInTime(this.#parts.log, topics, partitions);
  }
}

interface Histories {
  readonly predictions: History<Reading>;
  readonly training: History<InputEvent>;
}

function beginEra({ predictions, training }: Histories, partitionCount: number): void {
  predictions.beginEra(partitionCount);
  training.beginEra(partitionCount);
}

function take({ predictions, training }: Histories, entry: Entry<InputEvent>): void {
  // What is read of this topic is a reading.
  if (entry.record.topic === POWER_TOPIC) predictions.take(entry as Entry<Reading>);
  training.take(entry);
}

function pass({ predictions, training }: Histories, record: LogRecord): void {
  if (record.topic === POWER_TOPIC) predictions.pass(record);
  training.pass(record);
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
  for (const name of COMPARED) {
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

/** The judgement of a run: the closing report, and in words whatever is not right. */
import { hasCode } from "../../shared/errors.ts";
import type { Log, TopicDescription } from "../../shared/log/log.ts";
import { checkLog, type LogCheck } from "../../shared/oracle/check_log.ts";
import type { Semantics } from "../../shared/oracle/semantics.ts";
import { addOutcomes, noOutcomes, recordCount } from "../../shared/stream/outcomes.ts";
import { decodeCheckpoint } from "../../shared/stream/task_memory.ts";
import {
  DEVICE_STATE_TOPIC,
  POWER_TOPIC,
  PREDICTIONS_GROUP,
  TRAINING_GROUP,
} from "../../shared/topics.ts";
import { checkDisaggregation, deviceProblems, devicesFound } from "./disaggregation.ts";
import { Arrivals, type PublicationCounts } from "./arrivals.ts";
import type { Report, WorkerOutcomes } from "./report.ts";

/** What the log cannot say of a run. */
export interface RunFacts {
  readonly households: number;
  readonly durationS: number;
  readonly acknowledged: PublicationCounts;
  /** Undefined where the broker is not ours, and the log alone knows what came. */
  readonly broker: BrokerFacts | undefined;
  /** Whether its offsets have no gaps, so that what it lacks has been erased or removed. */
  readonly isDense?: boolean;
  /** Whether devices were learned, and told. */
  readonly isLearning?: boolean;
  /** The topics as they were when it began. */
  readonly before: readonly TopicDescription[];
  /**
   * Takes out of the broker what it still has for the bridge.
   * @throws WattstreamError `unavailable` where it does not say.
   */
  readonly takeLeft: () => Promise<readonly Uint8Array[]>;
}

/** Publications that were acknowledged and are not in the log. */
interface Missing {
  readonly lost: number;
  /** Of them, what the broker still has. */
  readonly leftInBroker: number;
  /** Why the broker does not say, where it does not: none of them is known to be lost then. */
  readonly unknown: string | undefined;
}

export interface BrokerFacts {
  readonly received: number;
  /** Messages dropped, by the client id of the session that did not take them. */
  readonly dropped: ReadonlyMap<string, number>;
  readonly bridgeClientId: string;
}

export interface Judgement {
  readonly report: Report;
  /** One sentence each; none where everything is right. */
  readonly problems: readonly string[];
  /** What could not be judged, a sentence each. */
  readonly notes: readonly string[];
  /** The longest that a window took; null where there is none. */
  readonly readingToWindowMsMax: number | null;
}

/** Judges the log, which must be at rest. */
export async function judge(log: Log, semantics: Semantics, facts: RunFacts): Promise<Judgement> {
  const check = await checkLog(log, semantics);
  const arrivals = new Arrivals(facts.before);
  await arrivals.readOn(log);
  const received = facts.broker?.received ?? arrivals.messages;
  const missing = await missingOf(arrivals, facts);
  const ticks = check.outcomes.predictions.tick;
  const inputs = check.log.power + ticks + check.log.device_state;
  const gone = facts.isDense === true ? await appendedCount(log) - inputs : 0;
  const isWhole = !check.isCut && gone === 0;
  const workers = {
    predictions: await accountOf(log, PREDICTIONS_GROUP, check.log.power + ticks, isWhole),
    training: await accountOf(log, TRAINING_GROUP, inputs, isWhole),
  };
  const isLearning = facts.isLearning === true && !check.isCut;
  const devices = isLearning ? await checkDisaggregation(log, semantics) : undefined;
  const { unexpected, ...correctness } = check.correctness;
  const report: Report = {
    households: facts.households,
    duration_s: facts.durationS,
    simulated: facts.acknowledged,
    mqtt: {
      received,
      left_in_broker: missing.leftInBroker,
      dropped: facts.broker?.dropped.values().reduce((sum, count) => sum + count, 0) ?? 0,
    },
    log: check.log,
    outcomes: sumOf(workers.predictions, workers.training),
    correctness: { ...correctness, lost: correctness.lost + missing.lost },
    latency_ms: check.latency_ms,
    workers,
    ...(devices !== undefined && { disaggregation: devicesFound(devices) }),
  };
  return {
    report,
    readingToWindowMsMax: check.readingToWindowMsMax,
    problems: [
      ...publicationProblems(missing),
      ...outputProblems(report, { unexpected, lostPublications: missing.lost }),
      ...bridgeProblems(facts.broker),
      ...(check.isCut ? [] : deadLetterProblems(check.deadLetters)),
      ...deviceProblems(devices),
      ...(isWhole ? accountProblems(report, check) : []),
    ],
    notes: notesOf(check.isCut, gone),
  };
}

function notesOf(isCut: boolean, gone: number): string[] {
  if (isCut) {
    return [
      "The oldest records are removed: what followed is judged, but not outcomes, letters, devices.",
    ];
  }
  if (gone === 0) return [];
  return [
    `The outcomes are not judged: ${gone} inputs that were counted are no longer in the log.`,
  ];
}

/** How many inputs the log has ever taken. */
async function appendedCount(log: Log): Promise<number> {
  const topics = await log.describe([POWER_TOPIC, DEVICE_STATE_TOPIC]);
  return topics.flatMap(({ partitions }) => partitions)
    .reduce((sum, { endOffset }) => sum + endOffset, 0);
}

/** Tells what is lost from what the broker still has. */
async function missingOf(arrivals: Arrivals, facts: RunFacts): Promise<Missing> {
  const missing = arrivals.missingOf(facts.acknowledged);
  if (missing === 0) return { lost: 0, leftInBroker: 0, unknown: undefined };
  try {
    for (const payload of await facts.takeLeft()) arrivals.take(payload);
  } catch (error) {
    if (!hasCode(error, "unavailable")) throw error;
    return { lost: 0, leftInBroker: missing, unknown: error.message };
  }
  const lost = arrivals.missingOf(facts.acknowledged);
  return { lost, leftInBroker: missing - lost, unknown: undefined };
}

function publicationProblems({ lost, leftInBroker, unknown }: Missing): string[] {
  const left = unknown === undefined
    ? `the broker still had ${leftInBroker} publications for the bridge`
    : `${leftInBroker} publications did not come, and may still be in the broker: ${unknown}`;
  return [
    lost > 0 && `${lost} publications are lost: acknowledged, but not in the log`,
    leftInBroker > 0 && left,
  ].filter((problem) => problem !== false);
}

/**
 * What the tasks of a group have counted, transaction by transaction. How many records they hold is
 * known where the log is whole.
 */
async function accountOf(
  log: Log,
  group: string,
  inputs: number,
  isWhole: boolean,
): Promise<WorkerOutcomes> {
  const outcomes = noOutcomes();
  for (const entries of (await log.groupMemory(group)).values()) {
    const checkpoint = decodeCheckpoint(entries);
    if (checkpoint !== undefined) addOutcomes(outcomes, checkpoint.outcomes);
  }
  // Where records are lost, the oracle does not see them either: the log must hold all its inputs.
  const { lost: _, ...told } = outcomes;
  return { inputs, ...told, held: isWhole ? inputs - recordCount(outcomes) : 0 };
}

function sumOf(a: WorkerOutcomes, b: WorkerOutcomes): Report["outcomes"] {
  return {
    used: a.used + b.used,
    duplicate: a.duplicate + b.duplicate,
    late: a.late + b.late,
    partly_late: a.partly_late + b.partly_late,
    future: a.future + b.future,
    invalid: a.invalid + b.invalid,
    unfused: a.unfused + b.unfused,
    short: a.short + b.short,
  };
}

/** The bridge's session is kept whole, unless somebody else starts it anew. */
function bridgeProblems(broker: BrokerFacts | undefined): string[] {
  const count = broker?.dropped.get(broker.bridgeClientId) ?? 0;
  return count === 0
    ? []
    : [`${count} messages for the bridge are lost: another client took its session`];
}

function outputProblems(
  { correctness: c }: Report,
  { unexpected, lostPublications }: {
    readonly unexpected: number;
    readonly lostPublications: number;
  },
): string[] {
  return [
    c.lost > lostPublications &&
    `${c.lost - lostPublications} windows or datasets are lost: the log should hold them`,
    c.duplicated > 0 && `${c.duplicated} windows or datasets are there twice`,
    unexpected > 0 && `${unexpected} windows or datasets should not be there`,
    c.windows_matching !== c.windows_expected &&
    `${c.windows_expected - c.windows_matching} windows are not as the oracle has them`,
    c.datasets_matching !== c.datasets_expected &&
    `${c.datasets_expected - c.datasets_matching} datasets are not as the oracle has them`,
    c.ascending_pct < 100 && `${c.ascending_pct} % of the windows and datasets are in order`,
  ].filter((problem) => problem !== false);
}

function deadLetterProblems(letters: LogCheck["deadLetters"]): string[] {
  const wrong = letters.expected - letters.lost - letters.matching;
  return [
    letters.lost > 0 && `${letters.lost} dead letters are lost`,
    letters.duplicated > 0 && `${letters.duplicated} dead letters are there twice`,
    letters.unexpected > 0 && `${letters.unexpected} dead letters should not be there`,
    wrong > 0 && `${wrong} dead letters are not as the oracle has them`,
  ].filter((problem) => problem !== false);
}

/** The workers' own account must be the oracle's, and add up to the inputs. */
function accountProblems({ workers, outcomes, log }: Report, check: LogCheck): string[] {
  const problems: string[] = [];
  for (const name of ["predictions", "training"] as const) {
    const { inputs: _, ...counted } = workers[name];
    const expected = check.outcomes[name];
    const wrong = (Object.keys(counted) as (keyof typeof counted)[])
      .filter((outcome) => counted[outcome] !== expected[outcome])
      .map((outcome) => `${outcome} ${counted[outcome]} (${expected[outcome]})`);
    if (wrong.length === 0) continue;
    problems.push(`the ${name} worker has counted otherwise than the oracle: ${wrong.join(", ")}`);
  }
  const { partly_late: _, ...exclusive } = outcomes;
  const sum = Object.values(exclusive).reduce((total, value) => total + value, 0);
  const inputs = 2 * log.power + log.device_state;
  if (sum !== inputs) problems.push(`the outcomes add up to ${sum}, not to the ${inputs} inputs`);
  return problems;
}

/** What the page of the system shows, and how it follows from two looks. Pure. */
import { DEAD_LETTER_TOPIC } from "../../../shared/topics.ts";
import { ratesBetween, type SystemRates } from "../../../shared/system/rates.ts";
import type { SystemLook } from "../../../shared/system/look.ts";
import { quantileBetween, sumOf, type WorkerAnswer } from "./worker_metrics.ts";

/** One moment of the charts, by worker where it is an object. */
export interface SystemPoint {
  readonly atMs: number;
  readonly readPerS: Readonly<Record<string, number>>;
  readonly lag: Readonly<Record<string, number>>;
  /** 95 % of the records were committed within so many seconds of being appended. */
  readonly latencyS: Readonly<Record<string, number>>;
  /** Since the log began. */
  readonly late: number;
  readonly deadLetters: number;
  readonly settled: number;
}

/** A process of a worker, by its own metrics. */
export interface ProcessState {
  readonly worker: string;
  readonly address: string;
  readonly problem?: string;
  readonly memoryBytes?: number;
  readonly households?: number;
  /** Share of one core. */
  readonly cpu?: number;
}

/** Something that is not well, and the section of the runbook that says what to do. */
export interface Problem {
  readonly section: string;
  readonly isCritical: boolean;
  readonly what: string;
}

export interface SystemState {
  readonly rates: SystemRates;
  readonly processes: readonly ProcessState[];
  /** Messages a second that the bridges take from MQTT; undefined where none says. */
  readonly receivedPerS?: number;
  readonly point: SystemPoint;
  /** The worst first. */
  readonly problems: readonly Problem[];
}

/** A look at log and workers at about the same time. */
export interface Sight {
  readonly look: SystemLook;
  readonly answers: readonly WorkerAnswer[];
}

/** @param history points before this one, the oldest first; not too many: late shares are over it. */
export function stateBetween(
  before: Sight,
  now: Sight,
  history: readonly SystemPoint[],
): SystemState {
  const rates = ratesBetween(before.look, now.look);
  const seconds = (now.look.atMs - before.look.atMs) / 1000;
  const point = pointOf(rates, before, now);
  const received = rateOf(before, now, { name: "wattstream_bridge_received_total", seconds });
  return {
    rates,
    processes: now.answers.map((answer) => processOf(answer, formerOf(answer, before), seconds)),
    ...(received !== undefined && { receivedPerS: received }),
    point,
    problems: problemsOf(rates, now.answers, [...history, point]),
  };
}

function pointOf(rates: SystemRates, before: Sight, now: Sight): SystemPoint {
  const byWorker = (read: (row: SystemRates["workers"][number]) => number) =>
    Object.fromEntries(rates.workers.map((row) => [row.worker, read(row)]));
  const latencies = now.answers.flatMap((answer) => {
    const former = formerOf(answer, before);
    if (answer.series === undefined || former === undefined) return [];
    const name = "wattstream_append_to_commit_seconds";
    const latency = quantileBetween(former, answer.series, { name, quantile: 0.95 });
    return latency === undefined ? [] : [[answer.worker, latency] as const];
  });
  // Of several replicas the slowest counts.
  latencies.sort(([, a], [, b]) => a - b);
  return {
    atMs: now.look.atMs,
    readPerS: byWorker(({ readPerS }) => readPerS),
    lag: byWorker(({ lag }) => lag),
    latencyS: Object.fromEntries(latencies),
    late: rates.workers.reduce((sum, { late }) => sum + late, 0),
    deadLetters: rates.topics.find(({ topic }) => topic === DEAD_LETTER_TOPIC)?.records ?? 0,
    settled: rates.workers.reduce((sum, { settled }) => sum + settled, 0),
  };
}

function formerOf({ address }: WorkerAnswer, { answers }: Sight) {
  return answers.find((each) => each.address === address)?.series;
}

/** A counter a second, over all who have it. */
function rateOf(
  before: Sight,
  now: Sight,
  { name, seconds }: { readonly name: string; readonly seconds: number },
): number | undefined {
  let rate: number | undefined;
  for (const answer of now.answers) {
    const [count, former] = [answer.series, formerOf(answer, before)].map((each) =>
      sumOf(each, name)
    );
    if (count === undefined || former === undefined || seconds <= 0) continue;
    rate = (rate ?? 0) + Math.max(0, count - former) / seconds;
  }
  return rate;
}

function processOf(
  { worker, address, series, problem }: WorkerAnswer,
  former: WorkerAnswer["series"],
  seconds: number,
): ProcessState {
  const memoryBytes = sumOf(series, "process_resident_memory_bytes");
  const households = sumOf(series, "wattstream_households");
  const [cpuS, formerS] = [series, former].map((each) => sumOf(each, "process_cpu_seconds_total"));
  const cpu = cpuS === undefined || formerS === undefined || seconds <= 0 || cpuS < formerS
    ? undefined
    : (cpuS - formerS) / seconds;
  return {
    ...{ worker, address },
    ...(problem !== undefined && { problem }),
    ...(memoryBytes !== undefined && { memoryBytes }),
    ...(households !== undefined && { households }),
    ...(cpu !== undefined && { cpu }),
  };
}

/** So many seconds of records behind, and a worker is behind: as the alert has it. */
const LAG_S_MAX = 60;
/** Looks in a row in which a worker with something to read reads nothing. */
const STILL_POINTS = 5;
const LATE_SHARE_MAX = 0.01;

function problemsOf(
  rates: SystemRates,
  answers: readonly WorkerAnswer[],
  history: readonly SystemPoint[],
): Problem[] {
  const problems: Problem[] = [];
  const add = (section: string, isCritical: boolean, what: string) =>
    void problems.push({ section: `Wattstream${section}`, isCritical, what });
  for (const { worker, address, problem, series } of answers) {
    if (problem !== undefined) add("TargetDown", true, `${worker} at ${address}: ${problem}`);
    if (sumOf(series, "wattstream_bridge_connected") === 0) {
      add("BridgeDisconnected", true, `The bridge at ${address} is not connected to its broker`);
    }
    const spooled = sumOf(series, "wattstream_bridge_spool_messages") ?? 0;
    if (spooled > 0) {
      add("SpoolNotDraining", false, `${spooled.toLocaleString("en")} messages wait in the spool`);
    }
  }
  for (const row of rates.workers) {
    const { worker, lost, members, tasks } = row;
    if (lost > 0) {
      add("RecordsLost", true, `${worker} has lost ${lost.toLocaleString("en")} records`);
    }
    const ownerless = members === undefined ? [] : tasks.filter(({ owner }) => owner === undefined);
    // A worker that nobody has ever started is not missed.
    if (ownerless.length > 0 && row.settled > 0) {
      const numbers = ownerless.map(({ task }) => task).join(", ");
      add("TaskWithoutOwner", true, `Nobody runs the tasks ${numbers} of ${worker}`);
    }
    const behind = behindBy(worker, answers, history);
    if (behind !== undefined && row.settled > 0) add("Lagging", false, behind);
  }
  const [first, last] = [history[0]!, history.at(-1)!];
  const letters = last.deadLetters - first.deadLetters;
  if (letters > 0) {
    const text = letters === 1 ? "1 message was" : `${letters.toLocaleString("en")} messages were`;
    add("DeadLetters", false, `${text} refused within the last minutes`);
  }
  const lateShare = (last.late - first.late) / Math.max(1, last.settled - first.settled);
  if (lateShare > LATE_SHARE_MAX) {
    add("LateShare", false, `${(100 * lateShare).toFixed(1)} % of the records come too late`);
  }
  return problems.sort((a, b) => Number(b.isCritical) - Number(a.isCritical));
}

/** Why a worker is behind, or undefined. */
function behindBy(
  worker: string,
  answers: readonly WorkerAnswer[],
  history: readonly SystemPoint[],
): string | undefined {
  const lags = answers.flatMap((answer) =>
    answer.worker !== worker || answer.series === undefined
      ? []
      : [...answer.series].filter(([name]) => name.startsWith("wattstream_task_lag_seconds"))
        .map(([, lagS]) => lagS)
  );
  const lagS = Math.max(0, ...lags);
  if (lagS > LAG_S_MAX) return `${worker} is ${Math.round(lagS)} s behind its inputs`;
  const recent = history.slice(-STILL_POINTS);
  const isStill = recent.length === STILL_POINTS &&
    recent.every((point) => (point.lag[worker] ?? 0) > 0 && point.readPerS[worker] === 0);
  return isStill ? `${worker} stands still, with records to read` : undefined;
}

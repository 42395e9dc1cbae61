/**
 * `deno task dead-letters replay`: appends what is valid now to its topic, each letter at most once.
 * A replay is a group of tasks over the topic of dead letters: the records, and the note in the
 * task's memory that these letters are replayed, are one transaction. Killed at any moment and run
 * again, it appends nothing twice; what is refused again can be replayed with another fix.
 */
import { WattstreamError } from "../errors.ts";
import type { DeadLetterReason } from "../events.ts";
import type { Log, NewRecord, TaskLog } from "../log/log.ts";
import { DEAD_LETTER_TOPIC } from "../topics.ts";
import { judgeAgain, type JudgeOptions, type Rejudged } from "./judge.ts";
import { householdOf } from "./households.ts";
import { kindOfError, letterOf, type PlacedLetter, readLetters } from "./letters.ts";

/** Group whose memory holds which letters are replayed. */
export const REPLAY_GROUP = "dead-letters";
/** Header of a replayed record: the place of its letter. */
export const REPLAYED_HEADER = "wattstream-replayed";

const BATCH_RECORDS_MAX = 1000;
const FETCH_WAIT_MS = 500;
/** Without any progress for so long, another replay must have tasks that we wait for. */
const STALL_MS = 60_000;

export interface ReplayOptions extends JudgeOptions {
  readonly reasons: readonly DeadLetterReason[];
  /** Only letters of this household, `username/client_id`. */
  readonly household?: string | undefined;
}

/** What became of the letters of the reasons asked for. */
export interface ReplayFigures {
  /** Appended now; with a dry run: would be. */
  replayed: number;
  /** Appended by an earlier replay, or for the letter of another worker about the same record. */
  already: number;
  /** Refused again, by the kind of error. */
  readonly refused: Map<string, number>;
}

/** Replays all letters that are there now. @throws WattstreamError `unavailable` when it stalls. */
export async function replay(log: Log, options: ReplayOptions): Promise<ReplayFigures> {
  const figures = noFigures();
  const ends = await endsOf(log);
  const waiting = new Set(ends.keys());
  const over = new AbortController();
  let stalled = false;
  let timer = setTimeout(() => {}, 0);
  const progress = () => {
    clearTimeout(timer);
    timer = setTimeout(() => {
      stalled = true;
      over.abort();
    }, STALL_MS);
  };
  progress();
  if (waiting.size === 0) over.abort();
  try {
    await log.runTasks({ group: REPLAY_GROUP, inputs: [DEAD_LETTER_TOPIC] }, async (task, stop) => {
      const range = ends.get(task.partition);
      if (range !== undefined) {
        const parts = { task, range, options, figures, progress };
        await replayPartition(parts, stop);
      }
      if (stop.aborted) return;
      waiting.delete(task.partition);
      if (waiting.size === 0) over.abort();
    }, over.signal);
  } finally {
    clearTimeout(timer);
  }
  if (!stalled) return figures;
  throw new WattstreamError("unavailable", "Wait for the other replay that runs, then start again");
}

/** The same without appending anything. */
export async function dryReplay(log: Log, options: ReplayOptions): Promise<ReplayFigures> {
  const figures = noFigures();
  const memory = await log.groupMemory(REPLAY_GROUP);
  const seen = new Map<number, Set<string>>();
  for await (const placed of readLetters(log)) {
    const { partition } = placed;
    const done = seen.get(partition) ?? new Set(memory.get(partition)?.keys());
    seen.set(partition, done);
    decide(placed, options, done, figures);
  }
  return figures;
}

interface PartitionParts {
  readonly task: TaskLog;
  readonly range: Range;
  readonly options: ReplayOptions;
  readonly figures: ReplayFigures;
  readonly progress: () => void;
}

async function replayPartition(parts: PartitionParts, stop: AbortSignal): Promise<void> {
  const { task, range, options, figures, progress } = parts;
  const done = new Set((await task.loadMemory()).keys());
  const offsets = await task.committedOffsets();
  let next = range.start;
  while (next < range.end && !stop.aborted) {
    const fetched = (await task.fetch([next], FETCH_WAIT_MS, stop))[0]!;
    for (let start = 0; start < fetched.records.length; start += BATCH_RECORDS_MAX) {
      const records: NewRecord[] = [];
      const memory = new Map<string, string>();
      const counted = noFigures();
      for (const record of fetched.records.slice(start, start + BATCH_RECORDS_MAX)) {
        const placed = letterOf(record);
        const decided = placed && decide(placed, options, done, counted);
        if (decided === undefined) continue;
        records.push(...decided.records);
        memory.set(decided.name, "replayed");
      }
      if (records.length > 0) await task.commit({ records, memory, offsets });
      addFigures(figures, counted);
    }
    progress();
    next = fetched.nextOffset;
  }
}

/** The records of a letter that is to be replayed, and the name under which this is remembered. */
function decide(
  { partition, offset, letter }: PlacedLetter,
  options: ReplayOptions,
  done: Set<string>,
  figures: ReplayFigures,
): { readonly records: readonly NewRecord[]; readonly name: string } | undefined {
  if (!options.reasons.includes(letter.reason)) return undefined;
  const { household, layout } = options;
  if (household !== undefined && householdOf(letter, layout) !== household) return undefined;
  // Both workers can have refused the same record: it is named by its own place.
  const name = letter.partition === undefined
    ? String(offset)
    : `${letter.topic}/${letter.partition}/${letter.offset}`;
  if (done.has(name)) {
    figures.already++;
    return undefined;
  }
  const judged: Rejudged = judgeAgain(letter, options);
  if (judged.error !== undefined) {
    const kind = kindOfError(judged.error);
    figures.refused.set(kind, (figures.refused.get(kind) ?? 0) + 1);
    return undefined;
  }
  done.add(name);
  figures.replayed++;
  const place = `${DEAD_LETTER_TOPIC}/${partition}/${offset}`;
  const records = judged.records.map((record) => ({
    ...record,
    headers: { ...record.headers, [REPLAYED_HEADER]: place },
  }));
  return { records, name };
}

interface Range {
  readonly start: number;
  readonly end: number;
}

/** The partitions that hold letters, and where. */
async function endsOf(log: Log): Promise<Map<number, Range>> {
  const [topic] = await log.describe([DEAD_LETTER_TOPIC]);
  if (topic === undefined) {
    throw new WattstreamError("topic", `Create the topics first, missing: ${DEAD_LETTER_TOPIC}`);
  }
  return new Map(
    topic.partitions.filter(({ startOffset, endOffset }) => endOffset > startOffset)
      .map((each) => [each.partition, { start: each.startOffset, end: each.endOffset }]),
  );
}

function noFigures(): ReplayFigures {
  return { replayed: 0, already: 0, refused: new Map() };
}

function addFigures(sum: ReplayFigures, more: ReplayFigures): void {
  sum.replayed += more.replayed;
  sum.already += more.already;
  for (const [kind, count] of more.refused) {
    sum.refused.set(kind, (sum.refused.get(kind) ?? 0) + count);
  }
}

/**
 * The end of a run: intake off, then everything that is under way flows out, part after part.
 *
 *   simulator ─▶ broker ─▶ bridge ─▶ log ─▶ ticks ─▶ predictions, training ─▶ disaggregation ─▶ publisher
 *   1 stop       2 empty   3 stop           4 close what is open  5 lag 0, stop
 *
 * The workers stay supervised until it is their turn: one that dies meanwhile comes back.
 */
import { pause } from "../../shared/pause.ts";
import { hasCode } from "../../shared/errors.ts";
import { groupLags } from "../../shared/log/lag.ts";
import type { Log, NewRecord, TopicDescription } from "../../shared/log/log.ts";
import { POWER_TOPIC, TICK_HEADER } from "../../shared/topics.ts";
import type { SupervisedWorker } from "./supervised_worker.ts";
import { Arrivals } from "./arrivals.ts";
import { acknowledgedBy, partitionCountOf } from "./system.ts";
import { untilNone } from "../../shared/service/until_none.ts";

/** Longest time in which nothing moves: on a slow machine a worker may be starting again meanwhile. */
const STALL_MS = 60_000;
/** A broker of others has given us everything when the bridge has received nothing for so long. */
const QUIET_MS = 1_000;
/** Others may publish for ever. */
const QUIET_MS_MAX = 10_000;

/** What is drained. */
export interface RunningSystem {
  readonly log: Log;
  /** The topics as they were when the run began. */
  readonly before: readonly TopicDescription[];
  /** Where the broker is ours and can be asked. */
  readonly broker: { pendingFor(clientId: string): number } | undefined;
  readonly bridgeClientId: string;
  readonly bridge: SupervisedWorker;
  readonly streamWorkers: readonly SupervisedWorker[];
  readonly simulator: SupervisedWorker | undefined;
}

/** @throws WattstreamError `unavailable` where something does not come to its end. */
export async function drain(system: RunningSystem, phase: (text: string) => void): Promise<void> {
  const { simulator, bridge, streamWorkers, log } = system;
  phase("ending: the simulator");
  await simulator?.look();
  await simulator?.stop();
  phase("ending: the bridge");
  await bridgeHasAll(system);
  await untilArrived(system);
  await bridge.look();
  await bridge.stop();
  phase("ending: windows and datasets");
  await appendTicks(log, partitionCountOf(system.before));
  await untilNone(async () => {
    const lags = await groupLags(log, streamWorkers.map(({ name }) => name));
    return lags.reduce((sum, { records }) => sum + records, 0);
  }, {
    stallMs: STALL_MS,
    explain: (records) => `The workers stand still with ${records} records to go`,
  });
  await Promise.all(streamWorkers.map((worker) => worker.look()));
  await Promise.all(streamWorkers.map((worker) => worker.stop()));
}

/** Until the broker has nothing more for the bridge, and its spool is empty. */
async function bridgeHasAll({ broker, bridge, bridgeClientId }: RunningSystem): Promise<void> {
  if (broker === undefined) await untilQuiet(bridge);
  else {
    await untilNone(() => broker.pendingFor(bridgeClientId), {
      stallMs: STALL_MS,
      explain: (messages) => `The bridge stands still with ${messages} messages to go`,
    });
  }
  let isOver = false;
  const noteEnd = () => void (isOver = true);
  void bridge.over.then(noteEnd, noteEnd);
  await untilNone(async () => {
    // Of one that is starting again, who knows.
    const isKnown = await bridge.look();
    return isOver ? 0 : isKnown ? bridge.counters.now("wattstream_bridge_spool_messages") : 1;
  }, {
    stallMs: STALL_MS,
    explain: (messages) => `The bridge stands still with ${messages} messages in its spool`,
  });
}

/** Until the bridge, running all the while, has received nothing for a second. */
async function untilQuiet(bridge: SupervisedWorker): Promise<void> {
  const startedMs = performance.now();
  let last = "";
  let movedMs = startedMs;
  while (performance.now() - startedMs < QUIET_MS_MAX) {
    const problem = await bridge.problem();
    await bridge.look();
    const state = `${bridge.pid} ${problem} ${receivedBy(bridge)}`;
    if (state !== last || problem !== undefined) {
      last = state;
      movedMs = performance.now();
    } else if (performance.now() - movedMs >= QUIET_MS) return;
    await pause(100);
  }
}

/**
 * Until all that the simulator's broker has acknowledged is in the log. What does not come is for the
 * judgement to find.
 */
async function untilArrived({ log, before, simulator }: RunningSystem): Promise<void> {
  const arrivals = new Arrivals(before);
  const missing = async () => {
    await arrivals.readOn(log);
    return arrivals.missingOf(acknowledgedBy(simulator));
  };
  try {
    await untilNone(missing, { stallMs: STALL_MS, explain: (count) => `${count} to go` });
  } catch (error) {
    if (!hasCode(error, "unavailable")) throw error;
  }
}

/** Messages that the bridge has received. */
function receivedBy(bridge: SupervisedWorker): number {
  return bridge.counters.totalOf("wattstream_bridge_received_total");
}

/** Closes whatever is open in each partition, so that nobody need wait for silence. */
async function appendTicks(log: Log, partitionCount: number): Promise<void> {
  const appender = log.appender();
  try {
    const ticks = Array.from({ length: partitionCount }, (_, partition): NewRecord => ({
      topic: POWER_TOPIC,
      partition,
      key: null,
      value: null,
      headers: { [TICK_HEADER]: "dev" },
    }));
    await appender.append(ticks);
  } finally {
    await appender.close();
  }
}

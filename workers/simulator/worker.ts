/**
 * The simulator: households, or one recording, to MQTT.
 *
 *   household ─┐                                            stop: cycles end ─▶ held-back
 *   household ─┴─▶ outlet ─▶ publisher ─▶ connection        publications ─▶ acknowledgements
 *   (one a user, or shared)                                 ─▶ disconnect
 */
import { brokerAddress, mqttOptions } from "../../shared/mqtt/flags.ts";
import type { WorkerContext, WorkerProgram } from "../../shared/service/program.ts";
import { type SimulatorConfig, simulatorConfig } from "./config.ts";
import { Connections } from "./connections.ts";
import { Household } from "./household.ts";
import { Mishaps } from "./mishaps.ts";
import { type SimulatorMetrics, simulatorMetrics } from "./metrics.ts";
import { householdTopics, Outlet } from "./outlet.ts";
import { Pauses } from "./pauses.ts";
import { Random } from "./random.ts";
import { replay } from "./replay.ts";
import { householdOf, readReplayFile } from "./replay_file.ts";
import { ReplaySchedule } from "./replay_schedule.ts";
import { type HouseholdAtOutlet, simulate } from "./simulation.ts";
import { Spells } from "./spells.ts";
import { type DrawnCycle, TruthFile } from "./truth.ts";

/** The user of a replayed recording. */
const REPLAY_USERNAME = "replay";

/** What belongs to the process. */
export interface SimulatorParts {
  readonly nowMs: () => number;
  /** A number in [0, 1), for what `--seed` does not govern. */
  readonly random: () => number;
}

interface Run extends SimulatorParts {
  readonly context: WorkerContext<SimulatorConfig, SimulatorMetrics>;
  readonly seed: number;
  readonly pauses: Pauses;
  readonly end: () => void;
  readonly connections: Connections;
}

export function simulatorProgram(
  parts: SimulatorParts,
): WorkerProgram<typeof simulatorConfig, SimulatorMetrics> {
  return {
    name: "simulator",
    summary: "households, simulated or replayed from a file, that publish over MQTT",
    config: simulatorConfig,
    metrics: simulatorMetrics,
    run: (context) => run(context, parts),
  };
}

async function run(
  context: WorkerContext<SimulatorConfig, SimulatorMetrics>,
  parts: SimulatorParts,
): Promise<void> {
  const { config, logger, metrics, readiness, signal } = context;
  const seed = config.seed ?? Math.floor(parts.random() * 2 ** 32);
  const broker = brokerAddress(config.mqtt);
  logger.info("publishing", { broker, seed, topics: config.mqttTopics.text });
  const ended = new AbortController();
  const pauses = new Pauses();
  const connections = new Connections({
    mqtt: await mqttOptions(config),
    broker,
    qos: config.qos === "0" ? 0 : 1,
    count: config.connections,
    ...{ logger, metrics, readiness, signal: ended.signal, moved: context.moved },
    ...parts,
  });
  const end = () => {
    ended.abort();
    pauses.stop();
    connections.releaseWaiters();
  };
  const timer = config.durationMs === undefined ? undefined : setTimeout(end, config.durationMs);
  signal.addEventListener("abort", end);
  if (signal.aborted) end();
  let households = 0;
  try {
    const work = { ...parts, context, seed, pauses, end, connections };
    households = config.replay === undefined
      ? await runSimulation(work)
      : await runReplay(work, config.replay);
    await connections.drain(context.stalled);
  } finally {
    end();
    clearTimeout(timer);
    signal.removeEventListener("abort", end);
    await connections.close(context.stalled.aborted);
    logger.info("finished", { ...connections.acknowledged, households });
  }
}

async function runSimulation(work: Run): Promise<number> {
  const { config, metrics } = work.context;
  let householdCount = 0;
  using truth = config.truth === undefined ? undefined : new TruthFile(config.truth);
  const openUser = async (index: number): Promise<HouseholdAtOutlet[]> => {
    const username = `user-${index + 1}`;
    const publisher = await work.connections.open(username);
    if (publisher === undefined) return [];
    householdCount += config.householdsPerUser;
    metrics.set("wattstream_simulator_households", householdCount);
    return Array.from({ length: config.householdsPerUser }, (_, number) => {
      const names = { username, client_id: `household-${index + 1}-${number + 1}` };
      const topics = householdTopics(config.mqttTopics, names);
      const household = new Household({
        ...names,
        seed: work.seed,
        noiseW: config.noise,
        swapProbability: config.swapProbability,
        newDeviceProbability: config.newDeviceProbability,
      });
      const mishaps = new Mishaps(config, work.seed, names.client_id);
      const onCycle = (timestamp: number) =>
        truth?.add(drawnCycle(names, timestamp, household, mishaps));
      return { household, outlet: new Outlet(topics, { publisher, metrics }), mishaps, onCycle };
    });
  };
  await simulate({
    ramp: { ...config, totalUsers: config.totalUsers ?? config.users },
    pauses: work.pauses,
    end: work.end,
    nowMs: work.nowMs,
    openUser,
  });
  return householdCount;
}

function drawnCycle(
  names: { readonly username: string; readonly client_id: string },
  timestamp: number,
  { drawn, devicesW }: Household,
  { clockS }: Mishaps,
): DrawnCycle {
  const { stateBitmap: state_bitmap, consumption } = drawn;
  const clock = clockS === 0 ? {} : { clock_s: clockS };
  return { ...names, timestamp, consumption, state_bitmap, watts: devicesW, ...clock };
}

async function runReplay(work: Run, path: string): Promise<number> {
  const { config, metrics, logger } = work.context;
  const names = { username: REPLAY_USERNAME, client_id: householdOf(path) };
  const topics = householdTopics(config.mqttTopics, names);
  const samples = await readReplayFile(path, {
    fromS: config.replayFromS,
    limitS: config.replayLimitS,
  });
  const publisher = await work.connections.open(names.username);
  if (publisher === undefined) return 0;
  metrics.set("wattstream_simulator_households", 1);
  const schedule = new ReplaySchedule({
    firstS: samples[0]!.fileS,
    lastS: samples.at(-1)!.fileS,
    speed: config.replaySpeed,
    startMs: work.nowMs(),
  });
  logger.info("replaying", {
    file: path,
    samples: samples.length,
    first_timestamp: schedule.timestampS(samples[0]!.fileS),
    last_timestamp: schedule.timestampS(samples.at(-1)!.fileS),
  });
  const spells = new Spells(new Random(work.seed, names.client_id));
  await replay({
    ...names,
    samples,
    schedule,
    isLabelled: () => config.replayLabels === "all" || spells.next(),
    outlet: new Outlet(topics, { publisher, metrics }),
    pauses: work.pauses,
    nowMs: work.nowMs,
  });
  return 1;
}

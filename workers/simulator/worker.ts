/**
 * The simulator: households, or recordings, to MQTT.
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
import { runReplay } from "./replay_run.ts";
import { type HouseholdAtOutlet, simulate } from "./simulation.ts";
import { Tally } from "./tally.ts";
import { type DrawnCycle, TruthFile } from "./truth.ts";

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
  readonly tally: Tally;
}

export function simulatorProgram(
  parts: SimulatorParts,
): WorkerProgram<typeof simulatorConfig, SimulatorMetrics> {
  return {
    name: "simulator",
    summary: "households, simulated or recorded, that publish over MQTT",
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
  const tally = new Tally(metrics);
  const connections = new Connections({
    mqtt: await mqttOptions(config),
    broker,
    qos: config.qos === "0" ? 0 : 1,
    count: config.connections,
    ...{ logger, metrics, tally, readiness, signal: ended.signal, moved: context.moved },
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
    const work = { ...parts, context, seed, pauses, end, connections, tally };
    households = config.replay === undefined
      ? await runSimulation(work)
      : await runReplay(work, config.replay);
    await connections.drain(context.stalled);
  } finally {
    end();
    clearTimeout(timer);
    signal.removeEventListener("abort", end);
    await connections.close(context.stalled.aborted);
    logger.info("finished", { ...tally.acknowledged, households });
  }
}

async function runSimulation(work: Run): Promise<number> {
  const { tally, context: { config, metrics } } = work;
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
      return { household, outlet: new Outlet(topics, { publisher, tally }), mishaps, onCycle };
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

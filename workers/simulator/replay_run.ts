/** Replays recordings, all at once: each a household, over one connection. */
import type { WorkerContext } from "../../shared/service/program.ts";
import type { SimulatorConfig } from "./config.ts";
import type { Connections } from "./connections.ts";
import type { SimulatorMetrics } from "./metrics.ts";
import { householdTopics, Outlet } from "./outlet.ts";
import type { Pauses } from "./pauses.ts";
import type { Publisher } from "./publisher.ts";
import { Random } from "./random.ts";
import { openRecordings } from "./recordings/open.ts";
import { Playback, type PlaybackOptions, type Survey } from "./recordings/playback.ts";
import { replay } from "./replay.ts";
import { ReplaySchedule } from "./replay_schedule.ts";
import { Spells } from "./spells.ts";
import type { Tally } from "./tally.ts";

/** The user of replayed recordings. */
const REPLAY_USERNAME = "replay";

export interface ReplayRunParts {
  readonly context: WorkerContext<SimulatorConfig, SimulatorMetrics>;
  readonly seed: number;
  readonly pauses: Pauses;
  readonly connections: Connections;
  readonly tally: Tally;
  readonly nowMs: () => number;
}

/** What of the settings says what is published of recordings. */
export type ReplayConfig =
  & Pick<SimulatorConfig, "replayFromS" | "replayLimitS" | "replayGapsS" | "strict" | "resample">
  & Pick<SimulatorConfig, "timeColumn" | "powerColumn" | "deviceColumns" | "onThreshold">;

/** @throws WattstreamError `config` where there is none, or one cannot be read. */
export async function openPlaybacks(
  paths: readonly string[],
  config: ReplayConfig,
): Promise<Playback[]> {
  const { replayFromS: fromS, replayLimitS: limitS, replayGapsS: gapS, strict, resample } = config;
  const options: PlaybackOptions = { fromS, limitS, gapS, strict, resample };
  return (await openRecordings(paths, config)).map((each) => new Playback(each, options));
}

/** Publishes them to their ends; returns how many. @throws WattstreamError `config` as above. */
export async function runReplay(run: ReplayRunParts, paths: readonly string[]): Promise<number> {
  const { config, metrics, logger } = run.context;
  const playbacks = await openPlaybacks(paths, config);
  const surveys: Survey[] = [];
  for (const playback of playbacks) {
    const { path, household, taken } = playback.recording;
    logger.info("reading", { file: path, household, ...taken });
    surveys.push(await playback.survey());
  }
  const publisher = await run.connections.open(REPLAY_USERNAME);
  if (publisher === undefined) return 0;
  metrics.set("wattstream_simulator_households", playbacks.length);
  await Promise.all(
    playbacks.map((playback, index) => play({ ...run, publisher }, playback, surveys[index]!)),
  );
  return playbacks.length;
}

async function play(
  run: ReplayRunParts & { readonly publisher: Publisher },
  playback: Playback,
  survey: Survey,
): Promise<void> {
  const { context: { config, logger }, pauses, nowMs, publisher, tally } = run;
  const { household: client_id, path } = playback.recording;
  const names = { username: REPLAY_USERNAME, client_id };
  const outlet = new Outlet(householdTopics(config.mqttTopics, names), { publisher, tally });
  const spells = new Spells(new Random(run.seed, client_id));
  const { firstS, lastS, samples, mended, stepS } = survey;
  const { devices } = playback.recording;
  if (devices.length > 0) outlet.tellNames(names, devices);
  do {
    const schedule = new ReplaySchedule({
      ...{ firstS, lastS, speed: config.replaySpeed, startMs: nowMs() },
    });
    logger.info("replaying", {
      ...{ file: path, household: client_id, samples, ...mended },
      first_timestamp: schedule.timestampS(firstS),
      last_timestamp: schedule.timestampS(lastS),
    });
    await replay({
      ...names,
      samples: playback.samples(survey),
      schedule,
      isLabelled: () => config.replayLabels === "all" || spells.next(),
      ...{ outlet, pauses, nowMs },
    });
    // The next round's first sample comes a step after the last one.
    if (config.loop) await pauses.wait(stepS * 1000);
  } while (config.loop && !pauses.isStopped);
}

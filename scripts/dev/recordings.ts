/** The recordings that a run replays, checked before anything starts, and what is said of them. */
import { openPlaybacks } from "../../workers/simulator/replay_run.ts";
import { openProgress } from "../progress.ts";
import type { DevConfig } from "./config.ts";
import type { View } from "./view.ts";

export interface RecordingsToReplay {
  readonly count: number;
  /** Of all of them; undefined where they are replayed again and again, or there are none. */
  readonly samples: number | undefined;
}

/**
 * Reads them to their ends, says what is taken for what, and returns how much there is.
 * @throws WattstreamError `config` that says where something is wrong.
 */
export async function checkRecordings(
  config: DevConfig,
  view: Pick<View, "line">,
): Promise<RecordingsToReplay> {
  const playbacks = await openPlaybacks(config.replay ?? [], config);
  const progress = openProgress(Date.now);
  let total = 0;
  for (const playback of playbacks) {
    const { path, household, taken } = playback.recording;
    const { samples, mended } = await playback.survey((found) =>
      progress.show(`reading ${path}, samples`, found)
    );
    progress.close();
    total += samples;
    const mendings = Object.entries(mended).filter(([, count]) => count > 0)
      .map(([what, count]) => `${count.toLocaleString("en")} ${what.replace("_", " ")}`);
    const columns = Object.entries(taken).map(([what, name]) =>
      `${what}: ${typeof name === "string" ? name : name.join(", ") || "none"}`
    );
    view.line([
      `${path} is ${household}: ${samples.toLocaleString("en")} samples`,
      ...columns,
      ...(mendings.length === 0 ? [] : [`mended: ${mendings.join(", ")}`]),
    ].join("; "));
  }
  return { count: playbacks.length, samples: config.loop || total === 0 ? undefined : total };
}

/** The time before the first fault, in which the disaggregation worker learns what it can lose. */
import { pause } from "../../shared/pause.ts";
import { DISAGGREGATED_TOPIC } from "../../shared/topics.ts";
import type { SoakSystem } from "./system.ts";

const POLL_MS = 500;
/** 200 households take some 50 s; of a few, none may have few enough devices. */
const LEARNING_MS_MAX = 180_000;

/** Resolves once devices of a household are told, or where that takes too long. */
export async function untilDevicesAreTold({ log }: SoakSystem, stop: AbortSignal): Promise<void> {
  const startMs = performance.now();
  while (!stop.aborted && performance.now() - startMs < LEARNING_MS_MAX) {
    const [topic] = await log.describe([DISAGGREGATED_TOPIC]);
    if (topic!.partitions.some(({ endOffset }) => endOffset > 0)) return;
    await pause(POLL_MS, stop);
  }
}

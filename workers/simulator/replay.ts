/** Publishes a recording as one household, at the pace of its schedule. */
import { DEVICE_STATE_TOPIC, POWER_TOPIC } from "../../shared/topics.ts";
import type { Outlet } from "./outlet.ts";
import type { Pauses } from "./pauses.ts";
import type { Sample } from "./recordings/recording.ts";
import type { ReplaySchedule } from "./replay_schedule.ts";

export interface ReplayParts {
  readonly samples: AsyncIterable<Sample>;
  readonly schedule: ReplaySchedule;
  readonly username: string;
  readonly client_id: string;
  /** Whether the next sample is published with its device states. */
  readonly isLabelled: () => boolean;
  readonly outlet: Outlet;
  readonly pauses: Pauses;
  readonly nowMs: () => number;
}

/** Resolves when the last sample has been published, or the pauses are stopped. */
export async function replay(parts: ReplayParts): Promise<void> {
  const { schedule, outlet, pauses, nowMs, client_id, username } = parts;
  for await (const { fileS, powerW, stateBitmap } of parts.samples) {
    // A wait only where there is something to wait for, so that what is due goes out at once.
    const waitMs = schedule.dueMs(fileS) - nowMs();
    if (waitMs > 0) await pauses.wait(waitMs);
    if (!outlet.hasRoom) await outlet.room();
    if (pauses.isStopped) return;
    const timestamp = schedule.timestampS(fileS);
    outlet.publish({
      kind: POWER_TOPIC,
      event: { client_id, username, timestamp, consumption: powerW },
      isSwapped: false,
    });
    if (!parts.isLabelled() || stateBitmap.length === 0) continue;
    outlet.publish({
      kind: DEVICE_STATE_TOPIC,
      event: { client_id, username, timestamp, state_bitmap: stateBitmap },
      isSwapped: false,
    });
  }
}

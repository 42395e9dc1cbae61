/** Dead letters that an operator gives a second chance, one request after the other. */
import { z } from "zod";
import { FIX_NAMES } from "../../../shared/dead_letters/fixes.ts";
import { dryReplay, replay } from "../../../shared/dead_letters/replay.ts";
import { WattstreamError } from "../../../shared/errors.ts";
import { deadLetterReasonSchema } from "../../../shared/events.ts";
import type { Log } from "../../../shared/log/log.ts";
import type { TopicLayout } from "../../../shared/mqtt/topics.ts";

export const replaySchema = z.strictObject({
  reasons: z.array(deadLetterReasonSchema).min(1),
  /** `username/client_id`; without it those of all. */
  household: z.string().regex(/^[^/]+\/[^/]+$/).optional(),
  fixes: z.array(z.enum(FIX_NAMES)),
  /** Says what would come of it, and appends nothing. */
  dryRun: z.boolean(),
});
export type ReplayRequest = z.infer<typeof replaySchema>;

/** What came of it, or would. */
export interface ReplayAnswer {
  readonly replayed: number;
  readonly already: number;
  readonly refused: readonly { readonly kind: string; readonly count: number }[];
}

export class Replays {
  readonly #log: Log;
  readonly #layout: TopicLayout;
  #isRunning = false;

  /** @param layout of the topics in letters of the bridge. */
  constructor(log: Log, layout: TopicLayout) {
    this.#log = log;
    this.#layout = layout;
  }

  /** @throws WattstreamError `unavailable` while another one runs, `auth` where we may not write. */
  async run({ dryRun, ...options }: ReplayRequest): Promise<ReplayAnswer> {
    if (this.#isRunning) {
      throw new WattstreamError("unavailable", "Wait for the replay that runs now");
    }
    this.#isRunning = true;
    try {
      const replaying = dryRun ? dryReplay : replay;
      const { replayed, already, refused } = await replaying(this.#log, {
        ...{ ...options, layout: this.#layout },
      });
      const kinds = [...refused].map(([kind, count]) => ({ kind, count }));
      return { replayed, already, refused: kinds.sort((a, b) => b.count - a.count) };
    } finally {
      this.#isRunning = false;
    }
  }
}

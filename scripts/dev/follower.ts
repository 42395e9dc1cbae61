/** Who follows a run of `deno task dev` beside its view: an experiment. */
import type { Figures } from "./figures.ts";
import type { Judgement } from "./judgement.ts";
import type { DevSystem } from "./system.ts";

export interface RunFollower {
  /** What the view says while households publish, and have for so long. */
  phase(publishedMs: number): string;
  /** About once a second, the counters of every worker being fresh, and once the run has drained. */
  sampled(system: DevSystem, figures: Figures): void;
  /** At the end: the log is at rest and still open. */
  judged(system: DevSystem, judgement: Judgement): Promise<void>;
}

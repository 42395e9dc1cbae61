/**
 * What of a recording is published: mended, a stretch of it, without long gaps, at its own pace or a
 * sample a second. It is read twice: first as a whole, so that all is known to be right before
 * anything is published, and where it ends; then as it is published.
 */
import { WattstreamError } from "../../../shared/errors.ts";
import { mend, type Mended, nothingMended } from "./mend.ts";
import type { Recording, Sample } from "./recording.ts";

/** A sample that is held stands for so many usual steps at most, where the next one is late. */
const HELD_STEPS_MAX = 2;

/** Samples between two reports of how far a survey has got. */
const TOLD_EVERY = 10_000;

export interface PlaybackOptions {
  /** Seconds after the recording's first sample at which to begin. */
  readonly fromS: number;
  /** Seconds of it to take; all that follow where undefined. */
  readonly limitS?: number | undefined;
  /** What would be mended is an error. */
  readonly strict: boolean;
  /** Longest gap that is kept, s; undefined: all are. */
  readonly gapS?: number | undefined;
  /** `hold`: a sample each second, the last one held; `none`: as they are. */
  readonly resample: "hold" | "none";
}

/** What the stretch holds. */
export interface Survey {
  readonly samples: number;
  readonly firstS: number;
  readonly lastS: number;
  /** The most frequent distance of two samples, s. */
  readonly stepS: number;
  readonly mended: Mended;
}

export class Playback {
  readonly recording: Recording;
  readonly #options: PlaybackOptions;

  constructor(recording: Recording, options: PlaybackOptions) {
    this.recording = recording;
    this.#options = options;
  }

  /**
   * Reads it as a whole; `onSamples` hears now and then of how many samples it has been through.
   * @throws WattstreamError `config` where the recording is wrong, or the stretch empty.
   */
  async survey(onSamples: (count: number) => void = () => {}): Promise<Survey> {
    const mended = nothingMended();
    const steps = new Map<number, number>();
    let [samples, firstS, lastS] = [0, Infinity, -Infinity];
    for await (const { fileS } of this.#stretch(mended, onSamples)) {
      if (samples++ === 0) firstS = fileS;
      else steps.set(fileS - lastS, (steps.get(fileS - lastS) ?? 0) + 1);
      lastS = fileS;
    }
    if (samples === 0) {
      throw new WattstreamError("config", await this.#whyEmpty());
    }
    const stepS = [...steps].sort((a, b) => b[1] - a[1])[0]?.[0] ?? 1;
    return { samples, firstS, lastS, stepS, mended };
  }

  /** The samples, as the survey has found them. */
  samples({ stepS }: Pick<Survey, "stepS">): AsyncIterable<Sample> {
    const stretch = this.#stretch(nothingMended());
    return this.#options.resample === "hold" ? hold(stretch, stepS) : stretch;
  }

  async *#stretch(
    mended: Mended,
    onSamples?: (count: number) => void,
  ): AsyncGenerator<Sample> {
    const { fromS, limitS = Infinity, gapS = Infinity, strict } = this.#options;
    const { path } = this.recording;
    let firstS: number | undefined;
    let [lastS, skippedS, count] = [Infinity, 0, 0];
    for await (const sample of mend(this.recording.rows(), mended, { path, strict })) {
      if (++count % TOLD_EVERY === 0) onSamples?.(count);
      firstS ??= sample.fileS;
      const afterS = sample.fileS - firstS;
      if (afterS < fromS) continue;
      if (afterS >= fromS + limitS) return;
      skippedS += Math.max(0, sample.fileS - lastS - gapS);
      lastS = sample.fileS;
      yield skippedS === 0 ? sample : { ...sample, fileS: sample.fileS - skippedS };
    }
  }

  async #whyEmpty(): Promise<string> {
    const { fromS, limitS } = this.#options;
    const { path } = this.recording;
    for await (const _ of this.recording.rows()) {
      const limit = limitS === undefined ? "" : ` --replay-limit ${limitS}s`;
      return `Choose another stretch of ${path}: --replay-from ${fromS}s${limit} has no sample`;
    }
    return `${path}: expected a sample, there is none`;
  }
}

/** Every second of a sample until the next one, if that is not late. */
async function* hold(samples: AsyncIterable<Sample>, stepS: number): AsyncGenerator<Sample> {
  let last: Sample | undefined;
  for await (const sample of samples) {
    if (last !== undefined) {
      const endS = Math.min(sample.fileS, last.fileS + HELD_STEPS_MAX * stepS);
      for (let fileS = last.fileS + 1; fileS < endS; fileS++) yield { ...last, fileS };
    }
    yield sample;
    last = sample;
  }
}

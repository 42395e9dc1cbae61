/** Places where the replay of a recovery may start, noted as a task goes on. */
import { invariant } from "../errors.ts";

/** As many stand between the oldest record held and the newest, more or less: a replay begins so near. */
const POINTS_MAX = 1024;

export class RewindPoints {
  /** Ascending. */
  #points: { readonly place: number; readonly offsets: readonly number[] }[] = [];

  /** Notes a place in the merged order, with its offsets, unless it is next to the one before. */
  note(place: number, offsets: readonly number[]): void {
    const points = this.#points;
    const [oldest, newest] = [points[0], points.at(-1)];
    if (oldest !== undefined && newest !== undefined) {
      if (place - newest.place < (place - oldest.place) / POINTS_MAX) return;
    }
    points.push({ place, offsets });
  }

  /** The offsets of the last place noted that is not past `oldest`, with which all before is let go. */
  notPast(oldest: number): readonly number[] {
    const points = this.#points;
    invariant(points[0]!.place <= oldest, `no rewind point at or before place ${oldest}`);
    // From the front, where each is passed over once.
    let index = 0;
    while (index + 1 < points.length && points[index + 1]!.place <= oldest) index++;
    points.splice(0, index);
    return points[0]!.offsets;
  }

  clear(): void {
    this.#points = [];
  }
}

/**
 * Texts joined by commas, of which any stretch can be had without joining again. A reading stands in
 * fifteen windows: joining the texts of each window anew took 30 concatenations a window, and most of
 * the time went into collecting them.
 */
export class JoinedTexts {
  #joined = "";
  /** Where each text ends in `#joined`. */
  #ends: number[] = [];

  /** Puts a text before the one at `index`, at the end in most cases. */
  insert(index: number, text: string): void {
    if (index < this.#ends.length) {
      const after = this.slice(index, this.#ends.length);
      this.#truncate(index);
      this.#push(text);
      for (const moved of after.split(",")) this.#push(moved);
    } else this.#push(text);
  }

  /** The texts `[first, end)`, joined; at least one. */
  slice(first: number, end: number): string {
    return this.#joined.slice(this.#start(first), this.#ends[end - 1]);
  }

  /** Lets go of the first `count` texts. */
  drop(count: number): void {
    const cut = this.#start(count);
    this.#joined = this.#joined.slice(cut);
    const ends = this.#ends;
    const left = ends.length - count;
    for (let index = 0; index < left; index++) ends[index] = ends[index + count]! - cut;
    ends.length = left;
  }

  #push(text: string): void {
    this.#joined = this.#ends.length === 0 ? text : `${this.#joined},${text}`;
    this.#ends.push(this.#joined.length);
  }

  #truncate(count: number): void {
    this.#joined = count === 0 ? "" : this.slice(0, count);
    this.#ends.length = count;
  }

  #start(index: number): number {
    return index === 0 ? 0 : this.#ends[index - 1]! + 1;
  }
}

/**
 * Who holds the oldest record, without asking everyone. The oldest place of a household only ever
 * grows, so what it was the last time is a lower bound, and only the one with the lowest has to be
 * asked again: a heap, whose root is asked until it is right.
 *
 *   noted 3 (now 9) ─┬─ 7        asked: 9 ─▶ sinks ─▶ 7 (now 7): the oldest
 *                    └─ 12
 */

/** One that holds records. */
export interface Holder {
  /** Place of the oldest record that it holds, which only grows; Infinity once it holds none. */
  oldestPlace(): number;
}

export class OldestPlaces {
  /** A heap: each is at most its children, at twice the index and one or two more. */
  readonly #places: number[] = [];
  readonly #holders: Holder[] = [];

  /** Takes in one that holds a record at `place`, and none before it. */
  add(holder: Holder, place: number): void {
    const [places, holders] = [this.#places, this.#holders];
    let index = places.length;
    while (index > 0) {
      const parent = (index - 1) >> 1;
      if (places[parent]! <= place) break;
      places[index] = places[parent]!;
      holders[index] = holders[parent]!;
      index = parent;
    }
    places[index] = place;
    holders[index] = holder;
  }

  /** The oldest place; Infinity where nothing is held. */
  oldest(): number {
    const [places, holders] = [this.#places, this.#holders];
    while (places.length > 0) {
      const place = holders[0]!.oldestPlace();
      if (place === places[0]) return place;
      if (place === Infinity) this.#removeRoot();
      else this.#sink(holders[0]!, place);
    }
    return Infinity;
  }

  #removeRoot(): void {
    const place = this.#places.pop()!;
    const holder = this.#holders.pop()!;
    if (this.#places.length > 0) this.#sink(holder, place);
  }

  /** Puts one at the root, and lets it sink to where it belongs. */
  #sink(holder: Holder, place: number): void {
    const [places, holders] = [this.#places, this.#holders];
    let index = 0;
    for (;;) {
      let child = 2 * index + 1;
      if (child + 1 < places.length && places[child + 1]! < places[child]!) child++;
      if (child >= places.length || places[child]! >= place) break;
      places[index] = places[child]!;
      holders[index] = holders[child]!;
      index = child;
    }
    places[index] = place;
    holders[index] = holder;
  }
}

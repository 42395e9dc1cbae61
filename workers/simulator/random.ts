/** A small seeded generator of random numbers (sfc32), so that a run can be repeated by its seed. */

/** Draws that are thrown away at the start, until the state is well mixed. */
const WARM_UP_DRAWS = 15;

/** One stream of random numbers. Streams of different names are independent of each other. */
export class Random {
  // Numbers of 32 bits in the object itself: of tens of thousands of households, each draw of a cycle
  // finds its state out of the cache, and an array would be two more places to fetch.
  #a: number;
  #b: number;
  #c: number;
  #counter = 1;

  constructor(seed: number, name: string) {
    this.#a = hash(`${seed}/a/${name}`) | 0;
    this.#b = hash(`${seed}/b/${name}`) | 0;
    this.#c = seed | 0;
    for (let draw = 0; draw < WARM_UP_DRAWS; draw++) this.uniform();
  }

  /** In [0, 1). */
  uniform(): number {
    const b = this.#b;
    const c = this.#c;
    const result = (this.#a + b + this.#counter) | 0;
    this.#counter = (this.#counter + 1) | 0;
    this.#a = b ^ (b >>> 9);
    this.#b = (c + (c << 3)) | 0;
    this.#c = (((c << 21) | (c >>> 11)) + result) | 0;
    return (result >>> 0) / 2 ** 32;
  }

  /** In [min, max). */
  between(min: number, max: number): number {
    return min + (max - min) * this.uniform();
  }

  /** A whole number in [min, max], both inclusive. */
  integer(min: number, max: number): number {
    return min + Math.floor((max - min + 1) * this.uniform());
  }

  /** True with this probability. */
  chance(probability: number): boolean {
    return this.uniform() < probability;
  }

  /** Normally distributed with mean 0 and standard deviation 1. Always two draws. */
  normal(): number {
    const radius = Math.sqrt(-2 * Math.log(1 - this.uniform()));
    return radius * Math.cos(2 * Math.PI * this.uniform());
  }
}

/** FNV-1a with a final mix, 32 bits. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let index = 0; index < text.length; index++) {
    value = Math.imul(value ^ text.charCodeAt(index), 0x01000193);
  }
  value = Math.imul(value ^ (value >>> 16), 0x85ebca6b);
  value = Math.imul(value ^ (value >>> 13), 0xc2b2ae35);
  return (value ^ (value >>> 16)) >>> 0;
}

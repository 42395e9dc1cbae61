/**
 * Flags of V8 for the workers. `deno.json` repeats them, and so must whoever starts workers: V8 takes
 * them at its start only.
 *
 * - V8 notes which places make objects that survive its collections while the heap is still small, and
 *   from then on allocates what these places make as old. Records outlive a few of the first
 *   collections and none of the later ones, but as old objects they drag along all that they point to:
 *   of 3.3 GB that a worker allocates for a million readings, 505 MB were promoted with this guess and
 *   44 MB without.
 * - The space for young objects begins small and grows with what survives in it; until it has, what a
 *   task holds for the moment survives more often than it should. To begin with 16 MB costs an idle
 *   worker some 20 MB. Of three runs each in turn, windows went from 203,000, 220,000 and 268,000
 *   readings/s to 267,000, 266,000 and 275,000; training, which makes less, from 420,000, 391,000 and
 *   397,000 to 354,000, 401,000 and 396,000.
 */
export const ENGINE_FLAGS = "--v8-flags=--no-allocation-site-pretenuring,--min-semi-space-size=16";

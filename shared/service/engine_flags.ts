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
 *   task holds for the moment survives more often than it should. To begin with 16 MB, which is as far
 *   as it would grow, costs an idle worker 20 MB, and makes a busy one quicker by 5 to 20 %.
 */
export const ENGINE_FLAGS = "--v8-flags=--no-allocation-site-pretenuring,--min-semi-space-size=16";

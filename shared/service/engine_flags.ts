/**
 * Flags of V8 for the workers. V8 notes which places make objects that survive its collections while
 * the heap is still small, and from then on allocates what these places make as old. Records outlive a
 * few of the first collections and none of the later ones, but as old objects they drag along all that
 * they point to: of 3.3 GB that a worker allocates for a million readings, 505 MB were promoted with
 * this guess and 44 MB without.
 *
 * `deno.json` repeats them, and so must whoever starts workers: V8 takes them at its start only.
 */
export const ENGINE_FLAGS = "--v8-flags=--no-allocation-site-pretenuring";

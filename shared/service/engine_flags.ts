/**
 * Flags of V8 for the workers. `deno.json` repeats them, and so must whoever starts workers: V8 takes
 * them at its start only.
 *
 * - V8 notes which places make objects that survive its collections while the heap is still small, and
 *   from then on allocates what these places make as old. Records outlive a few of the first
 *   collections and none of the later ones, but as old objects they drag along all that they point to:
 *   of 3.3 GB that a worker allocates for a million readings, 505 MB were promoted with this guess and
 *   44 MB without.
 * - The space for young objects is kept at 4 MB, and the collector does its work without threads of
 *   its own. Records are places in bytes, so little is allocated and next to nothing survives. Of three
 *   runs each in turn (half a million readings, 400 households) the medians of CPU-seconds and peaks
 *   were: with 16 MB and growing, 2.4 s and 256 MB (windows), 2.6 s and 249 MB (training); with 4 MB
 *   2.4 s and 169 MB, 2.2 s and 165 MB; without threads too, 2.1 s and 151 MB, 2.2 s and 145 MB.
 * - Old objects are looked through at once, not in steps: while V8 does so in steps it collects no young
 *   objects, and 80 MB of them came together; the pause at the end was as long as that of doing all at
 *   once. The first time is due at 32 MB, not at 256, and then whenever old objects are half as many again.
 *   With 20,000 households on SQLite the peak was 190 to 200 MB in place of 270 to 320 (169 with all that is
 *   here and twice the readings), and CPU time a tenth less.
 */
export const ENGINE_FLAGS = "--v8-flags=--no-allocation-site-pretenuring," +
  "--min-semi-space-size=4,--max-semi-space-size=4,--single-threaded-gc," +
  "--no-incremental-marking,--initial-old-space-size=32,--heap-growing-percent=50";

/** Mutual exclusion among all processes and threads of this machine, by the lock of a file. */

/**
 * Runs `body` while nobody else runs theirs under the same path; a lock ends with its process.
 * @param path A file that is made where there is none, in a folder that is there.
 */
export async function withFileLock<T>(path: string, body: () => Promise<T>): Promise<T> {
  using file = await Deno.open(path, { create: true, write: true });
  await file.lock(true);
  return await body();
}

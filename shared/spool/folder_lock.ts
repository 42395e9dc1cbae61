/** Keeps a folder to one process. */
import { WattstreamError } from "../errors.ts";

/**
 * Makes the folder where it is not there and locks it, until the file is closed or the process ends.
 * @param what of a process the folder is.
 * @throws WattstreamError `config` when another process has it; what the disk says otherwise.
 */
export function lockFolder(folder: string, what: string = "spool"): Deno.FsFile {
  Deno.mkdirSync(folder, { recursive: true, mode: 0o700 });
  const path = `${folder}/lock`;
  Deno.openSync(path, { create: true, write: true }).close();
  // Not open for writing: a disk can be made read-only while we run.
  const lock = Deno.openSync(path);
  if (lock.tryLockSync(true)) return lock;
  lock.close();
  throw new WattstreamError("config", `Give each process its own ${what}: ${folder} is in use`);
}

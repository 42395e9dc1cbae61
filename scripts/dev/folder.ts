/**
 * The folder of a run: the embedded log and the workers' own logs. Without `--data` it is a
 * temporary one. A log file belongs to one run at a time: a lock of the operating system, which
 * vanishes with the process that holds it, however that ends.
 */
import { resolve } from "node:path";
import { messageOf, WattstreamError } from "../../shared/errors.ts";

export interface RunFolder {
  readonly path: string;
  readonly isTemporary: boolean;
  readonly logUrl: string;
  /** File for the log of a worker. */
  workerLogPath(name: string): string;
  /** Gives up the lock; a temporary folder is removed, unless `keep`. */
  close(keep: boolean): Promise<void>;
}

/**
 * Opens the folder `data`, which is created where it is not there, for a run on `logUrl`, by default
 * the log within.
 * @throws WattstreamError `config` where that cannot be, `unavailable` while another run uses the log.
 */
export async function openRunFolder(
  { data, logUrl }: { readonly data: string | undefined; readonly logUrl: string | undefined },
): Promise<RunFolder> {
  const path = data === undefined
    ? await Deno.makeTempDir({ prefix: "wattstream-" })
    : resolve(data);
  const isTemporary = data === undefined;
  let lock: Deno.FsFile | undefined;
  const close = async (keep: boolean) => {
    lock?.close();
    lock = undefined;
    if (isTemporary && !keep) await Deno.remove(path, { recursive: true });
  };
  try {
    await createFolder(`${path}/logs`);
    const url = logUrl ?? `sqlite:${path}/log.db`;
    if (url.startsWith("sqlite:")) lock = await lockLog(url.slice("sqlite:".length));
    return {
      path,
      isTemporary,
      logUrl: url,
      workerLogPath: (name) => `${path}/logs/${name}.log`,
      close,
    };
  } catch (error) {
    await close(false);
    throw error;
  }
}

async function createFolder(path: string): Promise<void> {
  try {
    await Deno.mkdir(path, { recursive: true });
  } catch (cause) {
    throw new WattstreamError("config", `Choose another folder for --data: ${messageOf(cause)}`, {
      cause,
    });
  }
}

/** The lock is on a file beside the log: SQLite has locks of its own on that one. */
async function lockLog(path: string): Promise<Deno.FsFile> {
  let file: Deno.FsFile;
  try {
    file = await Deno.open(`${path}.lock`, { create: true, write: true });
  } catch (cause) {
    throw new WattstreamError("config", `Choose another place for the log: ${messageOf(cause)}`, {
      cause,
    });
  }
  if (await file.tryLock(true)) return file;
  file.close();
  throw new WattstreamError(
    "unavailable",
    `Wait for the other deno task dev that is running on ${path}, or choose another --data`,
  );
}

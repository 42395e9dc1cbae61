/** Python with packages from PyPI, made once in the cache folder. */
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { WattstreamError } from "../../errors.ts";
import { cacheFolder } from "../cache.ts";
import { findCommand, systemSource } from "../commands.ts";
import { withFileLock } from "../file_lock.ts";

/**
 * The path of a Python that has the packages of this `requirements.txt`. It is another one whenever the
 * file or the Python is. Several processes may ask at once: one makes it, the others wait.
 * @throws WattstreamError `unavailable` where there is no Python, or pip cannot fetch.
 */
export async function pythonWith(requirements: URL): Promise<string> {
  const python = await findCommand("python3", systemSource().folders);
  if (python === undefined) {
    throw new WattstreamError("unavailable", "Install python3 and python3-venv");
  }
  const { stdout } = await run(python, "--version");
  const text = `${stdout}${await Deno.readTextFile(requirements)}`;
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  const folder = `${cacheFolder()}/python/${new Uint8Array(digest).toHex().slice(0, 12)}`;
  await Deno.mkdir(dirname(folder), { recursive: true });
  await withFileLock(`${folder}.lock`, async () => {
    // Written last: where it is, all is.
    const done = `${folder}/packages.txt`;
    if (await isFile(done)) return;
    await run(python, "-m", "venv", "--clear", folder);
    const file = fileURLToPath(requirements);
    const pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check"];
    await run(`${folder}/bin/python`, ...pip, "--requirement", file);
    await Deno.writeTextFile(done, text);
  });
  return `${folder}/bin/python`;
}

async function isFile(path: string): Promise<boolean> {
  try {
    return (await Deno.stat(path)).isFile;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

async function run(program: string, ...args: string[]): Promise<{ stdout: string }> {
  const command = new Deno.Command(program, { args, stdin: "null" });
  const { success, stdout, stderr } = await command.output();
  const decoder = new TextDecoder();
  if (success) return { stdout: decoder.decode(stdout) };
  throw new WattstreamError(
    "unavailable",
    `Give pip access to PyPI (PIP_INDEX_URL, or pip.conf), or set WATTSTREAM_CACHE to a folder that ` +
      `has the packages already; ${program} ${args.join(" ")}: ${decoder.decode(stderr)}`,
  );
}

/** Java programs as Maven artifacts, fetched once into the cache folder. */
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { WattstreamError } from "../errors.ts";
import { cacheFolder } from "./cache.ts";
import { requireCommands } from "./commands.ts";
import { withFileLock } from "./file_lock.ts";
import type { Report } from "./report.ts";

/** What is fetched. */
export interface MavenJars {
  /** Its folder in the cache folder. */
  readonly name: string;
  /** As the report names it, with its size. */
  readonly title: string;
  /** Lists the artifacts. */
  readonly pom: URL;
  /** Java sources that are compiled against them. */
  readonly sources?: readonly URL[];
}

/**
 * The folder of the jars, and of the classes compiled. It is another one whenever pom or sources are.
 * Several processes may ask at once: one fetches, the others wait.
 * @throws WattstreamError `unavailable` when Java or Maven is missing or Maven cannot fetch.
 */
export async function installJars(jars: MavenJars, report: Report): Promise<string> {
  const version = await versionOf([jars.pom, ...jars.sources ?? []]);
  const folder = `${cacheFolder()}/${jars.name}/${version}`;
  if (!await exists(folder)) {
    await Deno.mkdir(dirname(folder), { recursive: true });
    await withFileLock(`${folder}.lock`, async () => {
      if (!await exists(folder)) await fetchJars(jars, folder, report);
    });
  }
  return folder;
}

/**
 * Fetches into a folder beside the final one, so that the final one is always whole. One at a time:
 * Maven's own folder is not made for two at once.
 */
async function fetchJars(jars: MavenJars, folder: string, report: Report): Promise<void> {
  const { mvn } = await requireCommands(["java", "mvn"], report);
  report(`Fetching ${jars.title} into ${folder}`);
  const partial = `${folder}.${crypto.randomUUID()}`;
  await Deno.mkdir(partial, { recursive: true });
  const fetched = await run(mvn, [
    "--batch-mode",
    "--quiet",
    `--file=${fileURLToPath(jars.pom)}`,
    "dependency:copy-dependencies",
    `-DoutputDirectory=${partial}`,
  ]);
  if (fetched !== undefined) {
    await Deno.remove(partial, { recursive: true });
    throw new WattstreamError(
      "unavailable",
      "Give Maven access to Maven Central (a mirror or proxy in ~/.m2/settings.xml), or set " +
        `WATTSTREAM_CACHE to a cache folder that holds ${jars.name} already; Maven says:\n${fetched}`,
    );
  }
  await compile(jars.sources ?? [], partial, report);
  await Deno.rename(partial, folder);
}

async function compile(sources: readonly URL[], folder: string, report: Report): Promise<void> {
  if (sources.length === 0) return;
  const { javac } = await requireCommands(["javac"], report);
  const paths = sources.map((source) => fileURLToPath(source));
  const problem = await run(javac, ["-d", folder, "-cp", `${folder}/*`, ...paths]);
  if (problem === undefined) return;
  await Deno.remove(folder, { recursive: true });
  throw new WattstreamError("unavailable", `javac failed:\n${problem}`);
}

/** What the program printed where it failed. */
async function run(command: string, args: readonly string[]): Promise<string | undefined> {
  const { success, stdout, stderr } = await new Deno.Command(command, {
    args: [...args],
    stdin: "null",
  }).output();
  if (success) return undefined;
  return `${new TextDecoder().decode(stdout)}${new TextDecoder().decode(stderr)}`.trim();
}

/** A name that changes whenever one of the files does. */
async function versionOf(files: readonly URL[]): Promise<string> {
  const contents = await Promise.all(files.map((file) => Deno.readFile(file)));
  const digest = await crypto.subtle.digest("SHA-256", await new Blob(contents).bytes());
  return new Uint8Array(digest).slice(0, 6).toHex();
}

async function exists(path: string): Promise<boolean> {
  try {
    await Deno.stat(path);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

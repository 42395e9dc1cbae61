/** Apache Kafka's jars, fetched once by Maven into the cache folder. */
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { WattstreamError } from "../errors.ts";
import { cacheFolder } from "./cache.ts";
import { requireCommands } from "./commands.ts";
import { withFileLock } from "./file_lock.ts";
import type { KafkaRuntime } from "./kafka_java.ts";
import type { Report } from "./report.ts";

const POM = new URL("../../deploy/services/pom.xml", import.meta.url);

/**
 * What runs Kafka and its tools, after fetching them where that has not been done yet. Several
 * processes may ask at once: one fetches, the others wait.
 * @throws WattstreamError `unavailable` when Java or Maven is missing or Maven cannot fetch.
 */
export async function installKafka(report: Report): Promise<KafkaRuntime> {
  const folder = `${cacheFolder()}/kafka/${await versionOf(POM)}`;
  if (!await exists(folder)) {
    await Deno.mkdir(dirname(folder), { recursive: true });
    await withFileLock(`${folder}.lock`, async () => {
      if (!await exists(folder)) await fetchJars(folder, report);
    });
  }
  const { java } = await requireCommands(["java"], report);
  return { java, classPath: `${folder}/*` };
}

/**
 * Fetches into a folder beside the final one, so that the final one is always whole. One at a time:
 * Maven's own folder is not made for two at once.
 */
async function fetchJars(folder: string, report: Report): Promise<void> {
  const { mvn } = await requireCommands(["java", "mvn"], report);
  report(`Fetching Apache Kafka (55 MB, once) into ${folder}`);
  const partial = `${folder}.${crypto.randomUUID()}`;
  await Deno.mkdir(partial, { recursive: true });
  const { success, stdout } = await new Deno.Command(mvn, {
    args: [
      "--batch-mode",
      "--quiet",
      `--file=${fileURLToPath(POM)}`,
      "dependency:copy-dependencies",
      `-DoutputDirectory=${partial}`,
    ],
    stdin: "null",
    stderr: "null",
  }).output();
  if (!success) {
    await Deno.remove(partial, { recursive: true });
    throw new WattstreamError(
      "unavailable",
      "Give Maven access to Maven Central (a mirror or proxy in ~/.m2/settings.xml), or set " +
        "WATTSTREAM_CACHE to a cache folder that holds Kafka already; " +
        `Maven says:\n${new TextDecoder().decode(stdout).trim()}`,
    );
  }
  await Deno.rename(partial, folder);
}

/** A name that changes whenever the pom does. */
async function versionOf(pom: URL): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", await Deno.readFile(pom));
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

/** Apache Kafka's jars, fetched once by Maven into the cache folder, and Java commands on them. */
import { WattstreamError } from "../../errors.ts";
import { cacheFolder } from "./cache.ts";
import { requireCommands } from "./commands.ts";

const POM = new URL("../../../deploy/services/pom.xml", import.meta.url);
const LOG_CONFIG = new URL("../../../deploy/services/log4j2.properties", import.meta.url);

/**
 * The class path of Kafka and its tools, after fetching them where that has not been done yet.
 * Several processes may do so at once.
 * @throws WattstreamError `unavailable` when Maven cannot fetch them.
 */
export async function installKafka(): Promise<string> {
  await requireCommands(["java"]);
  const folder = `${cacheFolder()}/kafka/${await versionOf(POM)}`;
  if (!await exists(folder)) await fetchJars(folder);
  return `${folder}/*`;
}

/** The `java` arguments that run a class of Kafka's, for example `kafka.Kafka`. */
export function javaArgs(classPath: string, main: { heap: string; className: string }): string[] {
  return [
    `-Xmx${main.heap}`,
    "-XX:+UseSerialGC",
    "-Djava.awt.headless=true",
    `-Dlog4j2.configurationFile=${LOG_CONFIG.pathname}`,
    "-cp",
    classPath,
    main.className,
  ];
}

/**
 * Runs one of Kafka's command-line tools to its end, for example
 * `org.apache.kafka.tools.consumer.group.ConsumerGroupCommand`.
 * @returns its standard output.
 * @throws WattstreamError `unavailable` with what it printed when it fails.
 */
export async function runKafkaTool(
  className: string,
  args: readonly string[],
  stdin: string = "",
): Promise<string> {
  const classPath = await installKafka();
  const tool = new Deno.Command("java", {
    args: [...javaArgs(classPath, { heap: "256m", className }), ...args],
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const writer = tool.stdin.getWriter();
  await writer.write(new TextEncoder().encode(stdin));
  await writer.close();
  const { success, stdout, stderr } = await tool.output();
  const text = new TextDecoder().decode(stdout);
  if (success) return text;
  throw new WattstreamError(
    "unavailable",
    `${className} failed: ${text}${new TextDecoder().decode(stderr)}`,
  );
}

/** Fetches into a folder beside the final one, so that the final one is always whole. */
async function fetchJars(folder: string): Promise<void> {
  await requireCommands(["mvn"]);
  const partial = `${folder}.${crypto.randomUUID()}`;
  await Deno.mkdir(partial, { recursive: true });
  const { success, stdout } = await new Deno.Command("mvn", {
    args: [
      "--batch-mode",
      "--quiet",
      `--file=${POM.pathname}`,
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
        "WATTSTREAM_CACHE to a folder that holds Kafka already; " +
        `Maven says: ${new TextDecoder().decode(stdout).trim()}`,
    );
  }
  try {
    await Deno.rename(partial, folder);
  } catch (error) {
    // Another process was quicker; its folder holds the same.
    await Deno.remove(partial, { recursive: true });
    if (!await exists(folder)) throw error;
  }
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

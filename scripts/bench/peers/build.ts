/** The peers' programs, built from `tests/bench/peers` once into the cache folder. */
import { cp, glob, mkdir, readFile, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { WattstreamError } from "../../../shared/errors.ts";
import { cacheFolder } from "../../../shared/services/cache.ts";
import { requireCommands } from "../../../shared/services/commands.ts";
import { withFileLock } from "../../../shared/services/file_lock.ts";
import type { Report } from "../../../shared/services/report.ts";
import type { Engine } from "../engine_run.ts";
import { addressOf } from "../broker.ts";

const SOURCES = fileURLToPath(new URL("../../../tests/bench/peers", import.meta.url));
/** As much memory as they ask for, up to 2 GiB. */
const JAVA_ARGS = ["-Xms512m", "-Xmx2g", "-XX:+UseG1GC"];
const QUIET = "-Dorg.slf4j.simpleLogger.defaultLogLevel=error";

/**
 * Kafka Streams, Flink and a program by hand in Go.
 * @throws WattstreamError `unavailable` when Java, Maven or Go is missing or does not build them.
 */
export async function buildPeers(report: Report): Promise<Engine[]> {
  const { java, mvn, go } = await requireCommands(["java", "mvn", "javac", "go"], report);
  const folder = `${cacheFolder()}/peers/${await versionOf(SOURCES)}`;
  await mkdir(folder, { recursive: true });
  await withFileLock(`${folder}.lock`, async () => {
    if (await isThere(`${folder}/built`)) return;
    report("Building the peers: Kafka Streams and Flink (140 MB, once), and Go");
    const partial = `${folder}/partial`;
    await rm(partial, { recursive: true, force: true });
    await cp(SOURCES, partial, { recursive: true });
    await run([mvn, "--batch-mode", "--quiet", "package"], partial);
    await run([go, "build", "-trimpath", "-o", "../go-peer", "."], `${partial}/go`);
    await rename(partial, `${folder}/built`);
  });
  const built = `${folder}/built`;
  const onJava = (name: string, module: string, main: string): Engine => ({
    name,
    command: (kafka, { job, group, folder }) => [
      ...[java, ...JAVA_ARGS, QUIET],
      ...["-cp", `${built}/${module}/target/${module}-1.jar:${built}/${module}/target/lib/*`],
      ...[main, job, addressOf(kafka), group, folder],
    ],
  });
  return [
    onJava("Kafka Streams", "kstreams", "wattstream.peers.StreamsJob"),
    onJava("Flink", "flink", "wattstream.peers.FlinkJob"),
    {
      name: "Go by hand",
      command: (kafka, { job, group, folder }) => [
        ...[`${built}/go-peer`, job, addressOf(kafka), group, folder],
      ],
    },
  ];
}

/** A name that changes whenever a file does. */
async function versionOf(folder: string): Promise<string> {
  const paths = (await Array.fromAsync(glob("**/*.{java,xml,go,mod,sum}", { cwd: folder }))).sort();
  const contents = await Promise.all(paths.map((path) => readFile(join(folder, path))));
  const digest = await crypto.subtle.digest("SHA-256", await new Blob(contents).bytes());
  return new Uint8Array(digest).slice(0, 6).toHex();
}

async function run([program, ...args]: readonly string[], cwd: string): Promise<void> {
  const command = new Deno.Command(program!, { args, cwd, stdin: "null" });
  const { success, stdout, stderr } = await command.output();
  if (success) return;
  const printed = `${new TextDecoder().decode(stdout)}${new TextDecoder().decode(stderr)}`.trim();
  throw new WattstreamError("unavailable", `${program} ${args.join(" ")} failed:\n${printed}`);
}

async function isThere(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch (error) {
    if ((error as { code?: string }).code === "ENOENT") return false;
    throw error;
  }
}

/** The programs that services need from the system, and how they get there. */
import { tmpdir } from "node:os";
import { WattstreamError } from "../errors.ts";
import { withFileLock } from "./file_lock.ts";
import type { Report } from "./report.ts";

/** Debian packages by command. */
const PACKAGES = {
  java: "openjdk-17-jre-headless",
  javac: "openjdk-17-jdk-headless",
  mvn: "maven",
  go: "golang-go",
  mosquitto: "mosquitto",
  mosquitto_passwd: "mosquitto",
  openssl: "openssl",
  kcat: "kcat",
  zstd: "zstd",
  rtl_433: "rtl-433",
  prometheus: "prometheus",
  promtool: "prometheus",
} as const;

const INSTALL_LOCK = `${tmpdir()}/wattstream-install-${Deno.uid()}.lock`;

/** A command that `requireCommands` knows how to install. */
export type SystemCommand = keyof typeof PACKAGES;

/** Where commands are looked for, and whether they may be installed. */
export interface CommandSource {
  /** Folders, the first wins. */
  readonly folders: readonly string[];
  readonly mayInstall: boolean;
}

/**
 * The paths of these commands, after installing what is missing where that may be done: as root on
 * a Debian.
 * @throws WattstreamError `unavailable` that names the command which installs what is missing.
 */
export async function requireCommands<C extends SystemCommand>(
  commands: readonly C[],
  report: Report,
  source: CommandSource = systemSource(),
): Promise<Record<C, string>> {
  const found = await findAll(commands, source.folders);
  const missing = commands.filter((command) => !found.has(command));
  if (missing.length > 0) {
    // Two apt-get at once fail; whoever waited finds it done.
    await withFileLock(INSTALL_LOCK, async () => {
      const there = await findAll(missing, source.folders);
      const packages = missing.filter((command) => !there.has(command))
        .map((command) => PACKAGES[command]);
      if (packages.length > 0) await install([...new Set(packages)], source, report);
    });
    for (const [command, path] of await findAll(missing, source.folders)) found.set(command, path);
  }
  const paths = commands.map((command) => [command, found.get(command) ?? command]);
  return Object.fromEntries(paths) as Record<C, string>;
}

async function install(
  packages: readonly string[],
  source: CommandSource,
  report: Report,
): Promise<void> {
  const command = `apt-get install -y --no-install-recommends ${packages.join(" ")}`;
  const aptGet = await findCommand("apt-get", source.folders);
  if (!source.mayInstall || aptGet === undefined) {
    throw new WattstreamError("unavailable", `Install what is missing: sudo ${command}`);
  }
  report(`Installing: ${command}`);
  for (const args of [["update"], command.split(" ").slice(1)]) {
    const { success, stderr } = await new Deno.Command(aptGet, {
      args,
      env: { DEBIAN_FRONTEND: "noninteractive" },
      stdin: "null",
      stdout: "null",
    }).output();
    if (success) continue;
    throw new WattstreamError(
      "unavailable",
      `Run ${command} yourself, it failed here: ${new TextDecoder().decode(stderr).trim()}`,
    );
  }
}

async function findAll<C extends string>(
  commands: readonly C[],
  folders: readonly string[],
): Promise<Map<C, string>> {
  const found = new Map<C, string>();
  for (const command of commands) {
    const path = await findCommand(command, folders);
    if (path !== undefined) found.set(command, path);
  }
  return found;
}

/** The path of a command in the first of these folders that has it. */
export async function findCommand(
  command: string,
  folders: readonly string[],
): Promise<string | undefined> {
  for (const folder of folders) {
    const path = `${folder}/${command}`;
    try {
      if ((await Deno.stat(path)).isFile) return path;
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory)) {
        throw error;
      }
    }
  }
  return undefined;
}

/** This machine. Debian keeps servers in `/usr/sbin`, which is not on every user's path. */
export function systemSource(): CommandSource {
  const path = (Deno.env.get("PATH") ?? "").split(":").filter((folder) => folder !== "");
  return { folders: [...path, "/usr/sbin"], mayInstall: Deno.uid() === 0 };
}

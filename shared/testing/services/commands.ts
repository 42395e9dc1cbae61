/** The programs that services need from the system, and how they get there. */
import { WattstreamError } from "../../errors.ts";

/** Debian packages by command. */
const PACKAGES = {
  java: "openjdk-17-jre-headless",
  keytool: "openjdk-17-jre-headless",
  mvn: "maven",
  mosquitto: "mosquitto",
  openssl: "openssl",
} as const;

/** A command that `requireCommands` knows how to install. */
export type SystemCommand = keyof typeof PACKAGES;

/**
 * Makes sure that these commands are there, and installs them where that may be done: as root on a
 * Debian.
 * @throws WattstreamError `unavailable` that names the command which installs what is missing.
 */
export async function requireCommands(commands: readonly SystemCommand[]): Promise<void> {
  const missing = await missingPackages(commands);
  if (missing.length === 0) return;
  const install = `apt-get install -y --no-install-recommends ${missing.join(" ")}`;
  if (Deno.uid() !== 0 || !await hasCommand("apt-get")) {
    throw new WattstreamError("unavailable", `Install what is missing: sudo ${install}`);
  }
  await run(["apt-get", "update"], install);
  await run(install.split(" "), install);
}

async function missingPackages(commands: readonly SystemCommand[]): Promise<string[]> {
  const packages = new Set<string>();
  for (const command of commands) {
    if (!await hasCommand(command)) packages.add(PACKAGES[command]);
  }
  return [...packages];
}

async function hasCommand(name: string): Promise<boolean> {
  for (const folder of searchPath()) {
    try {
      if ((await Deno.stat(`${folder}/${name}`)).isFile) return true;
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
  }
  return false;
}

/** Debian keeps servers in `sbin`, which is not on every user's path. */
function searchPath(): string[] {
  const path = Deno.env.get("PATH") ?? "";
  return [...new Set([...path.split(":").filter((folder) => folder !== ""), "/usr/sbin"])];
}

async function run(command: readonly string[], install: string): Promise<void> {
  const { success, stderr } = await new Deno.Command(command[0]!, {
    args: command.slice(1),
    env: { DEBIAN_FRONTEND: "noninteractive" },
    stdin: "null",
    stdout: "null",
  }).output();
  if (success) return;
  throw new WattstreamError(
    "unavailable",
    `Run ${install} yourself, it failed here: ${new TextDecoder().decode(stderr).trim()}`,
  );
}

/** Sees to it that a machine has what the tests need, or says what to install. */
import { WattstreamError } from "../../shared/errors.ts";
import type { Report } from "../../shared/services/report.ts";
import type { Machine } from "./machine.ts";
import { type Need, NEEDS } from "./needs.ts";

const INSTALL = ["install", "-y", "--no-install-recommends"];

/**
 * Installs what is missing, where that may be done.
 * @throws WattstreamError `unavailable` whose message is the line that says what to install.
 */
export async function provide(
  machine: Machine,
  { mayInstall, report, needs = NEEDS }: {
    readonly mayInstall: boolean;
    readonly report: Report;
    readonly needs?: readonly Need[];
  },
): Promise<void> {
  const missing = await missingOf(machine, needs);
  if (missing.length === 0) return;
  const names = missing.map(({ name }) => name).join(", ");
  const aptGet = await machine.find("apt-get");
  if (aptGet === undefined) {
    throw new WattstreamError(
      "unavailable",
      `Install what the tests need on this system: ${names}`,
    );
  }
  if (!mayInstall) {
    const packages = await packagesOf(machine, missing);
    throw new WattstreamError(
      "unavailable",
      `Install what is missing (${names}) with deno task test --install, or with ` +
        `sudo apt-get ${[...INSTALL, ...packages].join(" ")}`,
    );
  }
  await install(machine, { aptGet, missing, names, report });
}

async function install(
  machine: Machine,
  { aptGet, missing, names, report }: {
    readonly aptGet: string;
    readonly missing: readonly Need[];
    readonly names: string;
    readonly report: Report;
  },
): Promise<void> {
  const sudo = machine.isRoot ? undefined : await machine.find("sudo");
  if (!machine.isRoot && sudo === undefined) {
    throw new WattstreamError("unavailable", `Run it as root, to install ${names}`);
  }
  const run = async (...args: string[]) => {
    const [program, ...rest] = sudo === undefined ? [aptGet, ...args] : [sudo, aptGet, ...args];
    if (await machine.runVisibly(program!, ...rest)) return;
    throw new WattstreamError(
      "unavailable",
      `Install ${names} yourself: apt-get ${args.join(" ")} has failed`,
    );
  };
  report(`Installing ${names}`);
  await run("update", "-qq");
  const packages = await packagesOf(machine, missing);
  report(`apt-get ${[...INSTALL, ...packages].join(" ")}`);
  await run(...INSTALL, "-qq", ...packages);
  const stillMissing = await missingOf(machine, missing);
  if (stillMissing.length === 0) return;
  throw new WattstreamError(
    "unavailable",
    `Install ${stillMissing.map(({ name }) => name).join(", ")} yourself: ${
      packages.join(", ")
    } did not bring it`,
  );
}

async function missingOf(machine: Machine, needs: readonly Need[]): Promise<Need[]> {
  const missing: Need[] = [];
  for (const need of needs) {
    if (!await need.isMet(machine)) missing.push(need);
  }
  return missing;
}

/** For each need the first package that the system knows. */
async function packagesOf(machine: Machine, needs: readonly Need[]): Promise<string[]> {
  const aptCache = await machine.find("apt-cache");
  const chosen: string[] = [];
  for (const { packages } of needs) {
    let known: string | undefined = packages[0];
    for (const name of packages.length > 1 && aptCache !== undefined ? packages : []) {
      if (!(await machine.run(aptCache!, "show", name)).success) continue;
      known = name;
      break;
    }
    chosen.push(known);
  }
  return chosen;
}

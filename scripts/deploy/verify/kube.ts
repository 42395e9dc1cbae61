/**
 * A real Kubernetes for tests and campaigns: the folder in `WATTSTREAM_KUBE` (default `../shared/kube`)
 * brings an API server with the operators' definitions up on this machine, and a node that runs images.
 */
import { WattstreamError } from "../../../shared/errors.ts";
import { requireCommands } from "../../../shared/services/commands.ts";
import { withFileLock } from "../../../shared/services/file_lock.ts";
import { noReport } from "../../../shared/services/report.ts";
import { ROOT } from "../../build/program.ts";

/** Where it is. @throws WattstreamError `unavailable` that says what to set. */
export function kubeFolder(): string {
  const folder = Deno.env.get("WATTSTREAM_KUBE") ?? `${ROOT}../shared/kube`;
  try {
    Deno.statSync(`${folder}/apiserver-up.sh`);
    return folder;
  } catch (cause) {
    const message = `Set WATTSTREAM_KUBE to the folder with apiserver-up.sh: not in ${folder}`;
    throw new WattstreamError("unavailable", message, { cause });
  }
}

export interface Output {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a command to its end, whatever that is. */
export async function run(
  command: string,
  args: readonly string[],
  { env = {}, stdin }: {
    readonly env?: Readonly<Record<string, string>>;
    readonly stdin?: string | undefined;
  } = {},
): Promise<Output> {
  const child = new Deno.Command(command, {
    args: [...args],
    env,
    stdin: stdin === undefined ? "null" : "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  if (stdin !== undefined) {
    const writer = child.stdin.getWriter();
    await writer.write(new TextEncoder().encode(stdin));
    await writer.close();
  }
  const { code, stdout, stderr } = await child.output();
  const [said, complained] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes));
  return { code, stdout: said!, stderr: complained! };
}

/** As {@link run}. @throws WattstreamError `unavailable` with what it said, where it fails. */
export async function must(
  command: string,
  args: readonly string[],
  options: Parameters<typeof run>[2] = {},
): Promise<string> {
  const { code, stdout, stderr } = await run(command, args, options);
  if (code === 0) return stdout;
  const line = [command, ...args].join(" ");
  throw new WattstreamError("unavailable", `${line} ended with ${code}:\n${stderr}${stdout}`);
}

/** kubectl and what Kubernetes consists of, unpacked once a machine. */
export const BINARIES = `${Deno.env.get("HOME") ?? "/root"}/.cache/k8s-lab/tests`;

/** Variables for the folder's scripts: binaries are shared, state is this folder's own. */
export const kubeEnv = (state: string): Record<string, string> => ({
  CACHE: BINARIES,
  STATE: state,
});

/** Path of kubectl. What Kubernetes consists of is unpacked by whoever asks first. */
export async function kubectlPath(): Promise<string> {
  await requireCommands(["zstd"], noReport);
  await Deno.mkdir(BINARIES, { recursive: true });
  await withFileLock(`${BINARIES}/.lock`, async () => {
    await must(`${kubeFolder()}/apiserver-up.sh`, ["build"], { env: kubeEnv("/nonexistent") });
  });
  return `${BINARIES}/kubectl`;
}

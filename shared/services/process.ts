/**
 * A server process beside this one. It is started through a shell that forks it and ends, so it
 * belongs to no test and no resource of this process; from then on it is known by its pid and the
 * moment it started, which together name it for good, even after the pid was given to another.
 *
 * Linux only: reads /proc.
 */
import { hasCode } from "../errors.ts";
import { eventually } from "../eventually.ts";

/** Names one process, now and later. */
export interface ProcessIdentity {
  readonly pid: number;
  /** When it started, in clock ticks since the machine's boot (field 22 of /proc/PID/stat). */
  readonly startTicks: number;
}

/** Of a process that ended before it could be looked at. No process has started before the boot. */
const ENDED_TICKS = -1;

export interface StartOptions {
  readonly command: string;
  readonly args: readonly string[];
  /** Takes what the process prints; appended to. */
  readonly logPath: string;
  /**
   * It is killed within about a second of the end of this process, however that came about, unless
   * there is a file at this path then.
   */
  readonly keepPath: string | undefined;
}

/**
 * Forks the command, and a watch that kills it when its owner has gone.
 * $1 log file, $2 pid of the owner, $3 path that spares it, then the command.
 */
const LAUNCHER = `
log=$1 owner=$2 keep=$3; shift 3
"$@" </dev/null >>"$log" 2>&1 &
pid=$!
(
  while kill -0 "$pid" && kill -0 "$owner"; do sleep 1; done
  kill -0 "$owner" || [ -e "$keep" ] || kill -KILL "$pid"
) </dev/null >/dev/null 2>&1 &
echo "$pid"
`;

/**
 * Starts a process in a session of its own, so that Ctrl-C here is not Ctrl-C there. A command that
 * cannot be run is a process that ends at once, with the reason in its log.
 */
export async function startProcess(options: StartOptions): Promise<ProcessIdentity> {
  const { command, args, logPath, keepPath = "" } = options;
  await using launcher = new Deno.Command("sh", {
    args: ["-c", LAUNCHER, "sh", logPath, `${Deno.pid}`, keepPath, command, ...args],
    stdin: "null",
    stdout: "piped",
    detached: true,
  }).spawn(); // The command's own output() would not detach it.
  const { stdout } = await launcher.output();
  const pid = Number(new TextDecoder().decode(stdout).trim());
  // One that has ended already is a process that no longer runs, like any other.
  return { pid, startTicks: (await readStat(pid))?.startTicks ?? ENDED_TICKS };
}

/** True while this very process runs (stopped by SIGSTOP included). */
export async function isRunning(identity: ProcessIdentity): Promise<boolean> {
  const stat = await readStat(identity.pid);
  return stat !== undefined && stat.startTicks === identity.startTicks;
}

/** Sends a signal to this very process; false where it has ended. */
export async function signalProcess(
  identity: ProcessIdentity,
  signal: Deno.Signal,
): Promise<boolean> {
  if (!await isRunning(identity)) return false;
  try {
    Deno.kill(identity.pid, signal);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

/** Kills the process outright and waits until it has gone. */
export async function killProcess(identity: ProcessIdentity): Promise<void> {
  await signalProcess(identity, "SIGKILL");
  await untilGone(identity, 10_000);
}

/**
 * Asks the process to end, and kills it where it has not within `deadlineMs`. A process under
 * SIGSTOP goes on first, since it would not hear.
 * @returns false where it had to be killed.
 */
export async function stopProcess(
  identity: ProcessIdentity,
  deadlineMs: number,
): Promise<boolean> {
  await signalProcess(identity, "SIGCONT");
  await signalProcess(identity, "SIGTERM");
  try {
    await untilGone(identity, deadlineMs);
    return true;
  } catch (error) {
    if (!hasCode(error, "unavailable")) throw error;
    await killProcess(identity);
    return false;
  }
}

async function untilGone(identity: ProcessIdentity, deadlineMs: number): Promise<void> {
  await eventually(async () => {
    if (await isRunning(identity)) throw new Error(`process ${identity.pid} still runs`);
  }, { deadlineMs });
}

/** State and start of a process; undefined where it has ended, reaped by its parent or not. */
async function readStat(pid: number): Promise<{ startTicks: number } | undefined> {
  try {
    const text = await Deno.readTextFile(`/proc/${pid}/stat`);
    // The second field, the program's name in brackets, may itself hold spaces and brackets.
    const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
    if (fields[0] === "Z" || fields[0] === "X") return undefined;
    return { startTicks: Number(fields[19]) };
  } catch (error) {
    // Reading the file of a process that ends meanwhile gives ESRCH, which has no class of its own.
    if (error instanceof Deno.errors.NotFound || /os error 3\b/.test(String(error))) {
      return undefined;
    }
    throw error;
  }
}

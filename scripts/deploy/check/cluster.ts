/** What the checks ask of a cluster, by kubectl as the user has set it up. */
import { messageOf, WattstreamError } from "../../../shared/errors.ts";

/** An object as the API server gives it; what is read of it is checked where it is read. */
// deno-lint-ignore no-explicit-any -- the kinds are the cluster's.
export type Found = any;

export interface Cluster {
  /** An object, or undefined where there is none (or no such kind). */
  get(kind: string, name: string, namespace?: string): Promise<Found | undefined>;
  /** All of a kind. */
  list(kind: string, namespace?: string): Promise<Found[]>;
  /** Whether the user may do this. */
  may(verb: string, kind: string, namespace: string): Promise<boolean>;
}

/** The cluster of `kubectl`'s current context. */
export class KubectlCluster implements Cluster {
  readonly #command: readonly string[];

  /** @param command `kubectl`, or `microk8s kubectl`. */
  constructor(command: string) {
    this.#command = command.split(" ");
  }

  async get(kind: string, name: string, namespace?: string): Promise<Found | undefined> {
    const { success, stdout, stderr } = await this.#run(["get", kind, name, ...json(namespace)]);
    if (success) return JSON.parse(stdout);
    if (/NotFound|doesn't have a resource type/.test(stderr)) return undefined;
    throw unreachable(stderr);
  }

  async list(kind: string, namespace?: string): Promise<Found[]> {
    const scope = namespace === undefined ? ["--all-namespaces", "-o", "json"] : json(namespace);
    const { success, stdout, stderr } = await this.#run(["get", kind, ...scope]);
    if (success) return JSON.parse(stdout).items;
    if (/doesn't have a resource type/.test(stderr)) return [];
    throw unreachable(stderr);
  }

  async may(verb: string, kind: string, namespace: string): Promise<boolean> {
    const { stdout } = await this.#run(["auth", "can-i", verb, kind, "--namespace", namespace]);
    return stdout.trim() === "yes";
  }

  async #run(args: readonly string[]) {
    const [command, ...first] = this.#command;
    try {
      const output = await new Deno.Command(command!, { args: [...first, ...args], stdin: "null" })
        .output();
      const [stdout, stderr] = [output.stdout, output.stderr]
        .map((bytes) => new TextDecoder().decode(bytes));
      return { success: output.success, stdout: stdout!, stderr: stderr! };
    } catch (cause) {
      const message = `Give --kubectl a command that runs: ${messageOf(cause)}`;
      throw new WattstreamError("config", message, { cause });
    }
  }
}

const json = (namespace: string | undefined) =>
  namespace === undefined ? ["-o", "json"] : ["-o", "json", "--namespace", namespace];

function unreachable(stderr: string): WattstreamError {
  // Before its last line kubectl repeats the same for each try.
  const message = `Let kubectl reach the cluster and read it: ${stderr.trim().split("\n").at(-1)}`;
  return new WattstreamError("unavailable", message);
}

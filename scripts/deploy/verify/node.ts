/**
 * One real Kubernetes node in a network namespace of its own: kubelet, containerd and kube-proxy, with
 * the cluster's DNS, volumes, cert-manager and KEDA. One at a time on a machine: kubelets share cgroups.
 */
import { tmpdir } from "node:os";
import { BINARIES, kubectlPath, kubeFolder, must, type Output, run } from "./kube.ts";

/** The node's own address, by which pods reach servers in its network. */
export const NODE_ADDRESS = "10.90.0.1";

const HOME = "/var/lib/wattstream-verify-node";
const NETWORK = "wattstream-verify";
const ENV = { NODE: HOME, NETNS: NETWORK, CACHE: BINARIES };
/** Whoever has it locked has the machine's node. */
export const NODE_LOCK = `${tmpdir()}/wattstream-node.lock`;

export type Part = "dns" | "volumes" | "certificates" | "keda";

/** A command as it runs in the node's network. */
export function insideNetwork(command: readonly string[]): readonly [string, string[]] {
  return ["nsenter", [`--net=/run/netns/${NETWORK}`, ...command]];
}

export class KubeNode implements AsyncDisposable {
  readonly #kubectl: string;

  private constructor(kubectl: string) {
    this.#kubectl = kubectl;
  }

  /** Starts it with these images. @throws WattstreamError `unavailable` where it does not come up. */
  static async start(images: readonly string[], parts: readonly Part[]): Promise<KubeNode> {
    const node = new KubeNode(await kubectlPath());
    // What a run that was killed has left.
    await node[Symbol.asyncDispose]();
    await must(`${kubeFolder()}/node-up.sh`, ["up", ...images], { env: ENV });
    try {
      await must(`${kubeFolder()}/ops-up.sh`, ["up", ...parts], { env: ENV });
      await weighPods();
    } catch (error) {
      await node[Symbol.asyncDispose]();
      throw error;
    }
    return node;
  }

  /** For whoever runs in its network already. */
  static async running(): Promise<KubeNode> {
    return new KubeNode(await kubectlPath());
  }

  /** Runs kubectl against it, whatever comes of it. */
  try(args: readonly string[], stdin?: string): Promise<Output> {
    const [command, rest] = insideNetwork([this.#kubectl, ...args]);
    return run(command, rest, { env: { KUBECONFIG: `${HOME}/state/kubeconfig` }, stdin });
  }

  /** The same where it must succeed; resolves with its output. */
  kubectl(args: readonly string[], stdin?: string): Promise<string> {
    const [command, rest] = insideNetwork([this.#kubectl, ...args]);
    return must(command, rest, { env: { KUBECONFIG: `${HOME}/state/kubeconfig` }, stdin });
  }

  /** A Service without pods that leads to a server in the node's network. */
  async expose(namespace: string, name: string, port: number): Promise<void> {
    const args = ["expose", namespace, name, `${port}`];
    await must(`${kubeFolder()}/ops-up.sh`, args, { env: ENV });
  }

  /** Takes more images. */
  async load(images: readonly string[]): Promise<void> {
    await must(`${kubeFolder()}/node-up.sh`, ["load", ...images], { env: ENV });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await run(`${kubeFolder()}/ops-up.sh`, ["down"], { env: ENV });
    await run(`${kubeFolder()}/node-up.sh`, ["down"], { env: ENV });
  }
}

/** Where a machine keeps the weight of all pods together, and the most that it can be: cgroups 1 and 2. */
const WEIGHTS = [
  ["/sys/fs/cgroup/cpu/kubepods/cpu.shares", "65536"],
  ["/sys/fs/cgroup/kubepods/cpu.weight", "10000"],
] as const;

/**
 * Lets pods have their part of a machine that other work shares: to the scheduler all pods together are
 * but one of its many processes.
 */
async function weighPods(): Promise<void> {
  for (const [path, weight] of WEIGHTS) {
    try {
      await Deno.writeTextFile(path, weight);
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
  }
}

/** Gives an image of the node's another tag. */
export async function tagImage(
  name: string,
  { from, to }: { readonly from: string; readonly to: string },
): Promise<void> {
  const ctr = ["-a", `/run/${NETWORK}/containerd.sock`, "-n", "k8s.io", "images", "tag"];
  await must("ctr", [...ctr, "--force", `${name}:${from}`, `${name}:${to}`]);
}

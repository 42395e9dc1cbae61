/** A real API server on this machine, with the operators' definitions and nothing that acts on the objects. */
import { eventually, PATIENCE_MS } from "../../shared/eventually.ts";
import { freePorts } from "../../shared/services/ports.ts";
import {
  kubectlPath,
  kubeEnv,
  kubeFolder,
  must,
  type Output,
  run,
} from "../../scripts/deploy/verify/kube.ts";
import { kafkaBridgeDefinition } from "./kafka_bridge_kind.ts";

/** Runs until it is disposed of. */
export class ApiServer implements AsyncDisposable {
  readonly #folder: string;
  readonly #kubectl: string;

  private constructor(folder: string, kubectl: string) {
    this.#folder = folder;
    this.#kubectl = kubectl;
  }

  static async start(): Promise<ApiServer> {
    const kubectl = await kubectlPath();
    const folder = await Deno.makeTempDir({ prefix: "wattstream-apiserver-" });
    const { port, etcdPort } = choosePorts();
    const ports = { PORT: `${port}`, ETCD_PORT: `${etcdPort}` };
    // The definitions are ours to apply: on a busy machine, the script does not wait for them right.
    const env = { ...kubeEnv(`${folder}/state`), ...ports, CRDS: "" };
    await must(`${kubeFolder()}/apiserver-up.sh`, ["up"], { env });
    const server = new ApiServer(folder, kubectl);
    try {
      await server.#define();
    } catch (error) {
      await server[Symbol.asyncDispose]();
      throw error;
    }
    return server;
  }

  /** kubectl with what it needs to find it: a command that takes further arguments. */
  get command(): string {
    return `${this.#kubectl} --kubeconfig ${this.#folder}/state/kubeconfig`;
  }

  /** Runs kubectl against it. */
  kubectl(args: readonly string[], stdin?: string): Promise<Output> {
    const env = { KUBECONFIG: `${this.#folder}/state/kubeconfig` };
    return run(this.#kubectl, args, { env, stdin });
  }

  /** Has it know the operators' kinds, and the one of which the folder has no definition. */
  async #define(): Promise<void> {
    const env = { KUBECONFIG: `${this.#folder}/state/kubeconfig` };
    const apply = ["apply", "--server-side", "--recursive"];
    await must(this.#kubectl, [...apply, "-f", `${kubeFolder()}/crds`], { env });
    const stdin = await kafkaBridgeDefinition();
    await must(this.#kubectl, [...apply, "-f", "-"], { env, stdin });
    // Right after it was made a definition has no conditions to wait for.
    await eventually(async () => {
      await must(this.#kubectl, ["wait", "--for=condition=Established", "crd", "--all"], { env });
    }, { deadlineMs: PATIENCE_MS });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await must(`${kubeFolder()}/apiserver-up.sh`, ["down"], {
      env: kubeEnv(`${this.#folder}/state`),
    });
    await Deno.remove(this.#folder, { recursive: true });
  }
}

/** etcd takes the port behind its own too. */
function choosePorts(): { readonly port: number; readonly etcdPort: number } {
  for (;;) {
    const [port, ...others] = freePorts(5);
    const etcdPort = others.find((candidate) => others.includes(candidate + 1));
    if (etcdPort !== undefined) return { port: port!, etcdPort };
  }
}

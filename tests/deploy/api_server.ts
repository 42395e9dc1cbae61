/** A real API server on this machine, with the operators' definitions and nothing that acts on the objects. */
import { freePorts } from "../../shared/services/ports.ts";
import {
  kubectlPath,
  kubeEnv,
  kubeFolder,
  must,
  type Output,
  run,
} from "../../scripts/deploy/verify/kube.ts";

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
    const env = { ...kubeEnv(`${folder}/state`), PORT: `${port}`, ETCD_PORT: `${etcdPort}` };
    await must(`${kubeFolder()}/apiserver-up.sh`, ["up"], { env });
    return new ApiServer(folder, kubectl);
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

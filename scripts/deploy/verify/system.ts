/** The system on the node: what its manifests leave to people, and a look at how its pods are. */
import { requireCommands } from "../../../shared/services/commands.ts";
import { eventually } from "../../../shared/eventually.ts";
import { noReport } from "../../../shared/services/report.ts";
import { stringify } from "yaml";
import { must } from "./kube.ts";
import type { OperatedKafka } from "./kafka.ts";
import type { KubeNode } from "./node.ts";
import { renderText } from "./overlays.ts";

export const NAMESPACE = "wattstream";
/** Milliseconds for what takes seconds on a machine that is free. */
const PATIENCE_MS = 300_000;

/** Users of Mosquitto. */
const MQTT_USERS = ["bridge", "publisher", "simulator", "gateway", "anna"] as const;

export interface PodState {
  readonly name: string;
  readonly isReady: boolean;
  readonly restarts: number;
  /** Why a container of it ended last, `OOMKilled` say. */
  readonly lastEnd: string | undefined;
}

export class DeployedSystem {
  readonly node: KubeNode;

  constructor(node: KubeNode) {
    this.node = node;
  }

  /** Creates the Secrets that people and operators make, then applies the overlay `test`; the namespace is there. */
  async deploy(kafka: OperatedKafka): Promise<void> {
    const passwords = new Map(MQTT_USERS.map((name) => [name, crypto.randomUUID()]));
    await this.#secret("mqtt-passwords", { passwords: await hashed(passwords) });
    for (const [name, password] of passwords) {
      await this.#secret(`mqtt-user-${name}`, {
        password,
        "client-secret": crypto.randomUUID(),
      });
    }
    await this.#secret("gateway-households", {
      "mqtt-password": passwords.get("gateway")!,
      "households.yaml": stringify({ households: [anna(passwords.get("anna")!)] }),
    });
    for (const [name, password] of kafka.passwords) {
      await this.#secret(`kafka-user-${name}`, { password });
    }
    await this.#secret("wattstream-cluster-ca-cert", { "ca.crt": kafka.ca });
    const apply = ["apply", "--server-side", "--validate=strict", "-f", "-"];
    await this.node.kubectl([...apply, "--force-conflicts"], await renderText("test"));
  }

  async #secret(name: string, data: Readonly<Record<string, string>>): Promise<void> {
    const object = { apiVersion: "v1", kind: "Secret", metadata: { name }, stringData: data };
    await this.kubectl(["create", "-f", "-"], JSON.stringify(object));
  }

  /** kubectl in the system's namespace. */
  kubectl(args: readonly string[], stdin?: string): Promise<string> {
    return this.node.kubectl(["--namespace", NAMESPACE, ...args], stdin);
  }

  /** The pods of an app, or all. */
  async pods(app?: string): Promise<PodState[]> {
    const selector = app === undefined ? [] : ["--selector", `app.kubernetes.io/name=${app}`];
    const { items } = JSON.parse(await this.kubectl(["get", "pods", "-o", "json", ...selector]));
    // deno-lint-ignore no-explicit-any -- as the API server gives it.
    return items.map(({ metadata, status }: any) => {
      const [container] = status.containerStatuses ?? [];
      return {
        name: metadata.name,
        isReady: container?.ready === true && metadata.deletionTimestamp === undefined,
        restarts: container?.restartCount ?? 0,
        lastEnd: container?.lastState?.terminated?.reason,
      };
    });
  }

  /** Resolves once there are so many pods of an app, all ready. */
  async untilReady(app: string, count: number): Promise<void> {
    await eventually(async () => {
      const pods = await this.pods(app);
      if (pods.length === count && pods.every(({ isReady }) => isReady)) return;
      throw new Error(`${app}: expected ${count} ready pods, got ${JSON.stringify(pods)}`);
    }, { deadlineMs: PATIENCE_MS });
  }

  /** Resolves once the condition holds of the pods of an app. */
  async untilPods(
    app: string,
    title: string,
    holds: (pods: readonly PodState[]) => boolean,
  ): Promise<void> {
    await eventually(async () => {
      const pods = await this.pods(app);
      if (!holds(pods)) throw new Error(`${app}: expected ${title}, got ${JSON.stringify(pods)}`);
    }, { deadlineMs: PATIENCE_MS });
  }

  /** Resolves once a pod has logged this. */
  async untilLogged(pod: string, message: string): Promise<void> {
    await eventually(async () => {
      const { stdout } = await this.node.try(["--namespace", NAMESPACE, "logs", pod]);
      if (!stdout.includes(`"${message}"`)) throw new Error(`${pod} has not logged "${message}"`);
    }, { deadlineMs: PATIENCE_MS });
  }

  /** Runs a piece of code in a worker's container with these rights, as flags of Deno. */
  async evaluateWith(rights: readonly string[], pod: string, code: string): Promise<string> {
    const deno = [
      "/usr/bin/deno",
      "run",
      "--quiet",
      "--no-config",
      "--cached-only",
      ...rights,
      "-",
    ];
    return await this.kubectl(["exec", "-i", pod, "--", ...deno], code);
  }

  /** Runs a piece of code with all rights of the process in a worker's container. */
  async evaluate(pod: string, code: string): Promise<string> {
    return await this.kubectl(["exec", pod, "--", "/usr/bin/deno", "eval", "--quiet", code]);
  }
}

/** A household of the gateway, with a meter that is silent: what it does with words is tested elsewhere. */
const anna = (password: string) => ({
  ...{ user: "anna", password, client_id: "home" },
  power: { preset: "tasmota", topic: "meter" },
});

/** Mosquitto's password file for these users. */
async function hashed(passwords: ReadonlyMap<string, string>): Promise<string> {
  const { mosquitto_passwd } = await requireCommands(["mosquitto_passwd"], noReport);
  const path = await Deno.makeTempFile();
  try {
    const lines = [...passwords].map(([name, password]) => `${name}:${password}\n`);
    await Deno.writeTextFile(path, lines.join(""));
    await must(mosquitto_passwd, ["-U", path]);
    return await Deno.readTextFile(path);
  } finally {
    await Deno.remove(path);
  }
}

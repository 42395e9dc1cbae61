/** The console's flags and variables. */
import { z } from "zod";
import { logFlags } from "../../shared/log/open.ts";
import { checkMqttFlags, mqttFlags } from "../../shared/mqtt/flags.ts";
import { flag } from "../../shared/service/config.ts";
import { workerFlags } from "../../shared/service/program.ts";

const { mqtt, ...otherMqttFlags } = mqttFlags;

/** What the flags are checked with where there is none. */
const NO_BROKER = "mqtt://127.0.0.1";

const LOOPBACK = /^(127(\.\d{1,3}){3}|localhost|::1)$/;

const NO_ADDRESS = { hostname: "localhost", port: 0 };

/** Where a worker serves its metrics. */
export interface WorkerAddress {
  readonly worker: string;
  /** HOST:PORT. */
  readonly address: string;
}

export const consoleConfig = z.strictObject({
  ...workerFlags,
  ...logFlags,
  console: flag.address().prefault("127.0.0.1:8080").describe(
    "Address of the page; on another than this machine's own people log in",
  ),
  logIn: flag.boolean().describe(
    "People log in, with user and password of the broker; without it whoever comes from this machine sees all",
  ),
  operators: namesFlag().prefault("").describe(
    "Users who see all households and the system, NAME[,NAME…]; the others see their own households",
  ),
  tlsCert: flag.text().optional().describe(
    "PEM file of the page's certificate, with those between it and its authority",
  ),
  tlsKey: flag.text().optional().describe("PEM file of the certificate's key"),
  behindIngress: flag.boolean().describe(
    "People come through an ingress that speaks TLS, and that says in X-Forwarded-For who they are",
  ),
  basePath: basePathFlag().prefault("").describe(
    "Path below which an ingress passes the page on, such as /wattstream",
  ),
  mqtt: mqtt.optional().describe(
    "Broker that is asked who logs in, and over which people label, mqtt[s]://[user:password@]host[:port] or ws[s]://…; without it nobody can",
  ),
  ...otherMqttFlags,
  workers: workersFlag().prefault("").describe(
    "Workers whose metrics are shown, NAME=HOST:PORT[,NAME=HOST:PORT…]; each replica has its own",
  ),
}).superRefine((config, context) => {
  checkMqttFlags({ ...config, mqtt: config.mqtt ?? NO_BROKER }, context);
  checkAccess(config, context);
});

export type ConsoleConfig = z.output<typeof consoleConfig>;

/** Whether people are asked who they are: wherever another machine can come from. */
export function asksWho({ console: { hostname }, logIn }: AccessConfig): boolean {
  return logIn || !LOOPBACK.test(hostname);
}

type AccessConfig = Pick<ConsoleConfig, "console" | "logIn">;

function checkAccess(
  config: Omit<ConsoleConfig, "mqttTopics" | "workers">,
  context: z.RefinementCtx,
): void {
  const refuse = (key: keyof ConsoleConfig, message: string) =>
    context.addIssue({ code: "custom", path: [key], message });
  const { console: { hostname } = NO_ADDRESS, tlsCert, tlsKey, mqtt } = config;
  const hasTls = tlsCert !== undefined || config.behindIngress;
  if ((tlsCert === undefined) !== (tlsKey === undefined)) {
    refuse("tlsCert", "expected together with --tls-key");
  }
  if (!LOOPBACK.test(hostname) && !hasTls) {
    refuse("console", `expected --tls-cert and --tls-key, or --behind-ingress, with ${hostname}`);
  }
  if (!asksWho({ console: { hostname, port: 0 }, logIn: config.logIn })) {
    if (config.operators?.length > 0) refuse("operators", "expected with --log-in");
    return;
  }
  if (mqtt === undefined) refuse("mqtt", "expected where people log in: the broker is asked");
  const isUrlWithUser = URL.parse(mqtt ?? "")?.username;
  if (config.mqttUsername !== undefined || isUrlWithUser) {
    refuse("mqttUsername", "leave it out where people log in: each is its own user at the broker");
  }
}

function namesFlag() {
  return z.string().transform((text) => text.split(",").filter((name) => name !== ""));
}

function basePathFlag() {
  return z.string().regex(
    /^(\/[\w.~-]+)*$/,
    "expected a path such as /wattstream, without a / at its end",
  );
}

function workersFlag() {
  return z.string().transform((text, context): WorkerAddress[] => {
    const parts = text.split(",").filter((part) => part !== "");
    return parts.map((part, index) => {
      const match = /^([a-z]+)=([^\s/?#@=]+:\d{1,5})$/.exec(part);
      if (match !== null) return { worker: match[1]!, address: match[2]! };
      // What was given may hold a secret: it is not repeated.
      const message = `expected NAME=HOST:PORT, number ${index + 1} is none`;
      context.addIssue({ code: "custom", message });
      return z.NEVER;
    });
  });
}

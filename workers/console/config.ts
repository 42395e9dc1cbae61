/** The console's flags and variables. */
import { z } from "zod";
import { logFlags } from "../../shared/log/open.ts";
import { checkMqttFlags, mqttFlags } from "../../shared/mqtt/flags.ts";
import { flag } from "../../shared/service/config.ts";
import { workerFlags } from "../../shared/service/program.ts";

const { mqtt, ...otherMqttFlags } = mqttFlags;

/** What the flags are checked with where there is none. */
const NO_BROKER = "mqtt://127.0.0.1";

const LOOPBACK = /^(127\.|localhost$|::1$)/;

/** Where a worker serves its metrics. */
export interface WorkerAddress {
  readonly worker: string;
  /** HOST:PORT. */
  readonly address: string;
}

export const consoleConfig = z.strictObject({
  ...workerFlags,
  ...logFlags,
  console: flag.address().prefault("127.0.0.1:8080").refine(
    ({ hostname }) => LOOPBACK.test(hostname),
    "expected an address of this machine alone, such as 127.0.0.1:8080: nobody is asked who they are",
  ).describe("Address of the page"),
  mqtt: mqtt.optional().describe(
    "Broker over which people label, mqtt[s]://[user:password@]host[:port] or ws[s]://…; without it nobody can",
  ),
  ...otherMqttFlags,
  workers: workersFlag().prefault("").describe(
    "Workers whose metrics are shown, NAME=HOST:PORT[,NAME=HOST:PORT…]; each replica has its own",
  ),
}).superRefine((config, context) => {
  checkMqttFlags({ ...config, mqtt: config.mqtt ?? NO_BROKER }, context);
});

export type ConsoleConfig = z.output<typeof consoleConfig>;

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

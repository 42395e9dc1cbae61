/** The flags of `deno task services`: one schema a command. */
import { resolve } from "node:path";
import { z } from "zod";
import { flag, withRule } from "../../shared/service/config.ts";
import { DEFAULT_SERVICES, SERVICE_NAMES, type ServiceName } from "./service.ts";
import { DEFAULT_HTTP_BASE } from "../../shared/services/worker_ports.ts";
import { quoted } from "../../shared/service/secrets.ts";

function isServiceName(name: string): name is ServiceName {
  return SERVICE_NAMES.some((known) => known === name);
}

const only = z.string().transform((text, context): ServiceName[] => {
  const names = text.split(",").map((name) => name.trim());
  const known = names.filter(isServiceName);
  if (known.length === names.length) return SERVICE_NAMES.filter((name) => known.includes(name));
  context.addIssue({
    code: "custom",
    message: `expected ${SERVICE_NAMES.join(",")}, got ${quoted(text)}`,
  });
  return z.NEVER;
});

const onlyAll = only.prefault(SERVICE_NAMES.join(",")).describe(
  "The services meant, separated by commas",
);

const servicesFolder = flag.text().prefault(".cache/services")
  .transform((path) => resolve(path))
  .describe(
    "Folder that keeps what runs, its settings, data and logs; another folder, other services",
  );

const upFlags = z.strictObject({
  only: only.prefault(DEFAULT_SERVICES.join(",")).describe(
    `The services meant, separated by commas: ${SERVICE_NAMES.join(", ")}`,
  ),
  brokers: flag.choice(["1", "3"]).optional().describe(
    "Brokers of Kafka: 1, or 3 for replication 3 and min.insync 2 (default: 1)",
  ),
  httpBase: flag.integer(1, 65_000).prefault(String(DEFAULT_HTTP_BASE)).describe(
    "Where Prometheus finds the workers: what deno task dev has as its --http-base",
  ),
  json: flag.boolean().describe('End with one line {"kafka":URL,"mqtt":URL}'),
  servicesFolder,
});

export const upConfig = withRule(
  upFlags,
  ["only", "brokers"],
  ({ only, brokers }) =>
    brokers === undefined || only.includes("kafka")
      ? undefined
      : `--brokers: leave out ${brokers}, --only ${only} has no kafka`,
);

export const downConfig = z.strictObject({
  only: onlyAll,
  json: flag.boolean().describe('End with one line {"stopped":[…]}'),
  servicesFolder,
});

export const statusConfig = z.strictObject({
  only: onlyAll,
  json: flag.boolean().describe("Print one line of JSON"),
  servicesFolder,
});

export type UpConfig = z.output<typeof upConfig>;
export type DownConfig = z.output<typeof downConfig>;
export type StatusConfig = z.output<typeof statusConfig>;

/** The programs of the edge's form and their flags: all share one log file and one Mosquitto. */
import { stringify } from "yaml";

/** Those that run wherever the edge's form does. */
export const EDGE_WORKERS = ["bridge", "predictions", "training", "disaggregation"] as const;
/** Those that take more than the smallest machine has. */
export const FURTHER_WORKERS = ["publisher", "gateway"] as const;
export type FurtherWorker = typeof FURTHER_WORKERS[number];
export type EdgeWorker = typeof EDGE_WORKERS[number] | FurtherWorker;

interface Places {
  readonly folder: string;
  readonly mqttUrl: string;
  readonly logUrl: string;
}

/** The flags of a worker, its HTTP address left out. */
export function edgeFlags(name: EdgeWorker, { folder, mqttUrl, logUrl }: Places): string[] {
  const log = ["--log", logUrl];
  const mqtt = ["--mqtt", mqttUrl];
  switch (name) {
    case "bridge":
      return [...log, ...mqtt, "--state", `${folder}/state`, "--spool", `${folder}/spool`];
    case "predictions":
    case "disaggregation":
      return log;
    case "training":
      return [...log, "--min-duration", "5s"];
    case "publisher":
      return [...log, ...mqtt];
    case "gateway": {
      const own = ["--households", householdsPath(folder), "--state", `${folder}/gateway`];
      return [...mqtt, "--uplink", mqttUrl, ...own];
    }
  }
}

const householdsPath = (folder: string) => `${folder}/households.yaml`;

/** Writes the gateway's file: for each simulated household one that measures the same. */
export async function writeHouseholds(folder: string, count: number): Promise<void> {
  const households = Array.from({ length: count }, (_, index) => ({
    user: `gateway-${index + 1}`,
    client_id: "home",
    power: {
      topic: `energy/user-${index + 1}/household-${index + 1}-1/power`,
      watts: "consumption",
      time: "timestamp",
      unit: "W",
    },
  }));
  await Deno.writeTextFile(householdsPath(folder), stringify({ households }));
}

/** A real Prometheus on this machine, from the system's package, that watches workers. */
import { stringify } from "yaml";
import { z } from "zod";
import { WattstreamError } from "../errors.ts";
import { requireCommands } from "./commands.ts";
import { freePorts } from "./ports.ts";
import type { RuleGroup } from "./prometheus_rules.ts";
import { noReport, type Report } from "./report.ts";
import { Server } from "./server.ts";

export interface PrometheusOptions {
  /** Where workers serve their metrics, HOST:PORT, each by the worker's name. */
  readonly targets: readonly { readonly worker: string; readonly address: string }[];
  readonly rules: readonly RuleGroup[];
  /** From one look at the workers to the next, and of the rules at what was seen, s. */
  readonly intervalS: number;
  /** Takes settings, data and log. */
  readonly folder: string;
  /** See `StartOptions.keepPath`. */
  readonly keepPath?: string | undefined;
  readonly report?: Report;
}

/** One series of an answer, with its value now. */
export interface Sample {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

const answer = z.object({
  data: z.object({
    result: z.array(z.object({
      metric: z.record(z.string(), z.string()),
      value: z.tuple([z.number(), z.string()]),
    })),
  }),
});

/** A running server. `stop` and `kill` are those of every server. */
export class Prometheus extends Server {
  readonly #folder: string;

  constructor(
    command: string,
    { port, folder, keepPath }: { port: number; folder: string; keepPath: string | undefined },
  ) {
    super({
      ...{ name: "Prometheus", port, command, keepPath },
      args: [
        ...[`--config.file=${folder}/prometheus.yml`, `--storage.tsdb.path=${folder}/data`],
        ...[`--web.listen-address=127.0.0.1:${port}`, "--log.level=warn"],
        "--storage.tsdb.retention.time=7d",
      ],
      logPath: `${folder}/prometheus.log`,
    });
    this.#folder = folder;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** Resolves while it serves. @throws where it does not. */
  async check(): Promise<void> {
    await checkPrometheus(this.port);
  }

  /** Watches these workers from now on, in place of those before. */
  async watch(targets: PrometheusOptions["targets"]): Promise<void> {
    await writeTargets(this.#folder, targets);
  }

  /** What a query gives now. @throws WattstreamError `invariant` where it is no query. */
  async query(text: string): Promise<Sample[]> {
    const response = await fetch(`${this.url}/api/v1/query`, {
      method: "POST",
      body: new URLSearchParams({ query: text }),
    });
    const body = await response.text();
    if (!response.ok) throw new WattstreamError("invariant", `Correct the query ${text}: ${body}`);
    return answer.parse(JSON.parse(body)).data.result.map(({ metric, value: [, value] }) => ({
      labels: metric,
      value: Number(value),
    }));
  }

  /** Names of the alerts that fire. */
  async firing(): Promise<string[]> {
    const alerts = await this.query('count by (alertname) (ALERTS{alertstate="firing"})');
    return alerts.map(({ labels }) => labels.alertname!).sort();
  }
}

/** Resolves where the Prometheus on this port of 127.0.0.1 serves. @throws where it does not. */
export async function checkPrometheus(port: number): Promise<void> {
  const response = await fetch(`http://127.0.0.1:${port}/-/ready`);
  const text = await response.text();
  if (!response.ok) throw new WattstreamError("unavailable", text.trim());
}

/**
 * Starts one that has seen nothing yet, and resolves once it serves.
 * @throws WattstreamError `unavailable` that says what to install, or why it does not start.
 */
export async function startPrometheus(options: PrometheusOptions): Promise<Prometheus> {
  const { targets, rules, intervalS, folder, keepPath, report = noReport } = options;
  const { prometheus } = await requireCommands(["prometheus"], report);
  const interval = `${intervalS}s`;
  const settings = {
    global: { scrape_interval: interval, scrape_timeout: interval, evaluation_interval: interval },
    rule_files: ["rules.yml"],
    scrape_configs: [{ job_name: "wattstream", file_sd_configs: [{ files: ["targets.json"] }] }],
  };
  await Deno.writeTextFile(`${folder}/prometheus.yml`, stringify(settings));
  await Deno.writeTextFile(`${folder}/rules.yml`, stringify({ groups: rules }));
  await writeTargets(folder, targets);
  const server = new Prometheus(prometheus, { port: freePorts(1)[0]!, folder, keepPath });
  try {
    await server.launch();
    await server.untilServing(() => server.check());
  } catch (error) {
    await server.kill();
    throw error;
  }
  return server;
}

/** Prometheus takes note of the file when it changes. */
async function writeTargets(folder: string, targets: PrometheusOptions["targets"]): Promise<void> {
  const groups = targets.map(({ worker, address }) => ({ targets: [address], labels: { worker } }));
  const next = `${folder}/targets.next`;
  await Deno.writeTextFile(next, JSON.stringify(groups));
  await Deno.rename(next, `${folder}/targets.json`);
}

/** The commands of `deno task deploy`: a look at a cluster, and campaigns on a node of this machine. */
import { command, runCommand } from "../../shared/service/commands.ts";
import { type ConfigSource, flag } from "../../shared/service/config.ts";
import { quoted } from "../../shared/service/secrets.ts";
import { print, printError } from "../../shared/service/terminal.ts";
import { wattstreamTopics } from "../../shared/topics.ts";
import { z } from "zod";
import { type Check, checkAfter, checkBefore } from "./check/checks.ts";
import { KubectlCluster } from "./check/cluster.ts";
import { FURTHER_WORKERS, type FurtherWorker } from "./edge/edge_programs.ts";
import { runEdge } from "./edge/edge_run.ts";
import { verify as runVerify } from "./verify/verify.ts";

/** Runs one command and returns the exit code: 0 all is well, 1 it is not, 2 bad usage. */
export function runDeploy(source: ConfigSource): Promise<number> {
  return runCommand({
    name: "deploy",
    summary: "the system on Kubernetes",
    notes: "deploy/README.md goes from a bare machine to data that flows.",
    commands: { check, verify, edge },
  }, source);
}

const check = command({
  summary: "looks whether a cluster has what the overlays need, and how what was applied is",
  config: z.strictObject({
    kubectl: flag.text().default("kubectl").describe("kubectl, or microk8s kubectl"),
    phase: flag.choice(["before", "after"]).default("before").describe(
      "before the overlay is applied, or after",
    ),
  }),
  async run({ kubectl, phase }) {
    const cluster = new KubectlCluster(kubectl);
    const topics = wattstreamTopics().map(({ name }) => name);
    const checks = phase === "before"
      ? await checkBefore(cluster)
      : await checkAfter(cluster, topics);
    for (const each of checks) print(render(each));
    return checks.every(({ problem }) => problem === undefined) ? 0 : 1;
  },
});

const render = ({ title, problem }: Check) =>
  problem === undefined ? `ok    ${title}` : `WRONG ${title}\n      ${problem}`;

const verify = command({
  summary:
    "runs the overlay test on a real node of this machine, kills and rolls, and proves the log",
  config: z.strictObject({
    long: flag.boolean().describe("With autoscaling by KEDA; some 15 minutes"),
  }),
  async run({ long }) {
    const isRight = await runVerify({
      campaign: long ? "long" : "short",
      report: printError,
      onStep: ({ step, seconds, error }) =>
        print(
          `${error === undefined ? "ok   " : "WRONG"} ${step} (${seconds} s) ${error ?? ""}`.trim(),
        ),
    });
    return isRight ? 0 : 1;
  },
});

const furtherWorkers = z.string().transform((text, context): FurtherWorker[] => {
  const names = text.split(",").map((name) => name.trim());
  const known = FURTHER_WORKERS.filter((name) => names.includes(name));
  if (known.length === names.length) return known;
  const message = `expected ${FURTHER_WORKERS.join(",")}, got ${quoted(text)}`;
  context.addIssue({ code: "custom", message });
  return z.NEVER;
});

const edge = command({
  summary: "runs the edge's form with 256 MB and half a core, as root, and proves the log",
  config: z.strictObject({
    durationS: flag.seconds().prefault("10m").describe("How long households publish"),
    households: flag.integer(1, 10_000).prefault("10").describe("Households"),
    memoryMib: flag.integer(64, 65_536).prefault("256").describe("Memory of all together, MiB"),
    further: furtherWorkers.optional().describe(
      `Workers beside the four that always run: ${FURTHER_WORKERS.join(", ")}`,
    ),
  }),
  async run({ durationS, households, memoryMib, further = [] }) {
    const result = await runEdge({
      ...{ seconds: durationS, households, memoryMiB: memoryMib, further },
      report: printError,
    });
    print(JSON.stringify(result));
    return result.lost + result.duplicated + result.killed === 0 ? 0 : 1;
  },
});

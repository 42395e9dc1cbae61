/**
 * A campaign from the first publication to the judgement: the law of exactly-once on real Kafka.
 *
 *   open ─▶ whole ─▶ publish ─▶ learn ─▶ faults … ─▶ drain ─▶ judge what is committed
 */
import { messageOf } from "../../shared/errors.ts";
import { Random } from "../../workers/simulator/random.ts";
import { drain } from "../dev/drain.ts";
import { judge, type Judgement } from "../dev/judgement.ts";
import { takeLeft } from "../dev/left_in_broker.ts";
import { renderReport } from "../dev/report.ts";
import type { WorkerListener } from "../dev/supervised_worker.ts";
import { acknowledgedBy } from "../dev/system.ts";
import { type FaultRecord, runCampaign } from "./campaign.ts";
import type { SoakConfig } from "./config.ts";
import { untilDevicesAreTold } from "./learning.ts";
import { untilWhole } from "./recovery.ts";
import { faultTable, faultText, summaryOf } from "./report.ts";
import { SOAK_SEMANTICS } from "./semantics.ts";
import { SoakSystem } from "./system.ts";

const START_STALL_MS = 60_000;

/** What belongs to the process. */
export interface SoakParts {
  readonly print: (text: string) => void;
  /** Ends the campaign early; it is judged all the same. */
  readonly stop: AbortSignal;
  readonly env: Readonly<Record<string, string>>;
  /** A number in [0, 1). */
  readonly random: () => number;
}

export interface SoakResult {
  readonly seed: number;
  readonly isRight: boolean;
  /** One sentence each; none where everything is right. */
  readonly problems: readonly string[];
  readonly faults: readonly FaultRecord[];
  /** What workers did that nobody asked them for: ends and errors. */
  readonly incidents: readonly string[];
  /** Undefined where it did not come to that. */
  readonly judgement: Judgement | undefined;
}

/** Runs a campaign to its end; whatever goes wrong is among the problems. */
export async function runSoak(config: SoakConfig, parts: SoakParts): Promise<SoakResult> {
  const seed = config.seed ?? Math.floor(parts.random() * 2 ** 32);
  const folder = config.folder ?? await Deno.makeTempDir({ prefix: "wattstream-soak-" });
  parts.print(`Soak: --seed ${seed} --brokers ${config.brokers} --households ${config.households}`);
  const soak = new Soak(config, parts, { seed, folder });
  const result = await soak.run();
  if (config.json !== undefined) {
    await Deno.writeTextFile(config.json, `${JSON.stringify(jsonOf(result, config), null, 2)}\n`);
  }
  if (result.isRight && config.folder === undefined) {
    await Deno.remove(folder, { recursive: true });
  } else parts.print(`Logs and data are kept in ${folder}`);
  return result;
}

function jsonOf({ judgement, ...result }: SoakResult, config: SoakConfig) {
  return { ...result, config, summary: summaryOf(result.faults), report: judgement?.report };
}

class Soak {
  readonly #config: SoakConfig;
  readonly #parts: SoakParts;
  readonly #seed: number;
  readonly #folder: string;
  readonly #faults: FaultRecord[] = [];
  readonly #incidents: string[] = [];
  readonly #problems: string[] = [];
  #judgement: Judgement | undefined;

  constructor(
    config: SoakConfig,
    parts: SoakParts,
    { seed, folder }: { readonly seed: number; readonly folder: string },
  ) {
    this.#config = config;
    this.#parts = parts;
    this.#seed = seed;
    this.#folder = folder;
  }

  async run(): Promise<SoakResult> {
    let system: SoakSystem | undefined;
    try {
      system = await SoakSystem.open({
        config: this.#config,
        seed: this.#seed,
        folder: this.#folder,
        env: { ...this.#parts.env, NO_COLOR: "1" },
        listener: this.#listener(),
        print: this.#parts.print,
      });
      await this.#runSystem(system);
    } catch (error) {
      this.#problems.push(`failed: ${messageOf(error)}`);
    } finally {
      await system?.close();
    }
    this.#print();
    return {
      seed: this.#seed,
      isRight: this.#problems.length === 0,
      problems: this.#problems,
      faults: this.#faults,
      incidents: this.#incidents,
      judgement: this.#judgement,
    };
  }

  async #runSystem(system: SoakSystem): Promise<void> {
    const { minutes, ...config } = this.#config;
    const start = await untilWhole(system, { ...config, stallMs: START_STALL_MS });
    if (start.wholeAtMs === undefined) {
      this.#problems.push(`not whole at the start: ${start.missing}`);
      return;
    }
    const startMs = performance.now();
    system.startSimulator();
    await untilDevicesAreTold(system, this.#parts.stop);
    const problem = await runCampaign(system, {
      ...config,
      rounds: config.rounds,
      random: new Random(this.#seed, "faults"),
      durationMs: minutes * 60_000,
      onFault: (fault) => {
        this.#faults.push(fault);
        this.#parts.print(faultText(fault));
      },
    }, this.#parts.stop);
    if (problem !== undefined) this.#problems.push(problem);
    const durationS = Math.round((performance.now() - startMs) / 100) / 10;
    await drain(system, (phase) => this.#parts.print(`        ${phase}`));
    this.#judgement = await judge(system.log, SOAK_SEMANTICS, {
      households: config.households,
      durationS,
      acknowledged: acknowledgedBy(system.simulator),
      broker: undefined,
      isLearning: true,
      before: system.before,
      takeLeft: async () => await takeLeft(await system.bridgeSession()),
    });
    this.#problems.push(...this.#judgement.problems);
  }

  /** Keeps what nobody asked for: errors, and ends other than by SIGKILL. */
  #listener(): WorkerListener {
    const note = (text: string) => {
      this.#incidents.push(text);
      this.#parts.print(`        ${text}`);
    };
    return {
      line: (worker, line) => {
        if (line.level === "info" || line.level === "debug" || line.level === "warning") return;
        note(`${worker}: ${line.message}${line.error === undefined ? "" : `: ${line.error}`}`);
      },
      died: (worker, what) => {
        if (what !== "was killed by SIGKILL") note(`${worker} ${what}`);
      },
      restarted: () => {},
    };
  }

  #print(): void {
    const { print } = this.#parts;
    print(
      `\nFaults survived: ${this.#faults.filter((each) => each.recoveryS !== undefined).length}\n`,
    );
    print(`${faultTable(this.#faults)}\n`);
    if (this.#judgement !== undefined) {
      print(renderReport(this.#judgement.report, this.#problems));
    } else for (const problem of this.#problems) print(`NOT CORRECT: ${problem}`);
    print(`Repeat it with --seed ${this.#seed}`);
  }
}

/**
 * The two jobs by us and by peers, in turn on one broker: the same records of the same topics, the same
 * semantics, exactly once. What all of them put out is held against what we put out, record by record,
 * after each run: a comparison of different results would be none.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { openLog } from "../../../shared/log/open.ts";
import type { Kafka } from "../../../shared/services/kafka.ts";
import { DEVICE_STATE_TOPIC, POWER_TOPIC, wattstreamTopics } from "../../../shared/topics.ts";
import { fillInputs, removeAllBut } from "../broker.ts";
import { type Engine, runEngines, WATTSTREAM } from "../engine_run.ts";
import { closingEvents, householdLoad, type LoadSize } from "../household_load.ts";
import { type Job, JOB_NAMES, JOBS } from "../jobs.ts";
import { figuresOf, type JobFigures } from "../kafka_bench.ts";
import { ReferenceOutputs } from "./outputs.ts";

const INPUTS = [POWER_TOPIC, DEVICE_STATE_TOPIC];

export interface PeersLoad extends LoadSize {
  readonly runs: number;
}

/** A run of one engine, in the order of `JOB_NAMES` and the engines. */
export interface PeerRun {
  readonly job: Job;
  readonly engine: string;
  readonly figures: JobFigures;
}

/**
 * Fills the inputs once and runs everyone over them, ours first, again and again.
 * @throws WattstreamError `invariant` that shows the first difference where outputs differ.
 */
export async function* benchPeers(
  kafka: Kafka,
  peers: readonly Engine[],
  load: PeersLoad,
): AsyncGenerator<PeerRun> {
  const folder = await mkdtemp(`${tmpdir()}/wattstream-peers-`);
  try {
    const counts = await fill(kafka, load);
    const references = new Map<Job, ReferenceOutputs>();
    for (let run = 0; run < load.runs; run++) {
      for (const job of JOB_NAMES) {
        for (const engine of [WATTSTREAM, ...peers]) {
          const used = await runOnce(kafka, { engine, job, run, folder, references });
          const inputs = JOBS[job].inputs.reduce((sum, topic) => sum + counts[topic]!, 0);
          const outputs = references.get(job)!.count;
          yield { job, engine: engine.name, figures: figuresOf({ inputs, outputs, used }) };
        }
      }
    }
  } finally {
    await removeAllBut(kafka, []);
    await rm(folder, { recursive: true, force: true });
  }
}

async function fill(kafka: Kafka, load: LoadSize): Promise<Record<string, number>> {
  const log = await openLog(kafka.url);
  try {
    const all = { ...load, states: true };
    const counts = await fillInputs(log, householdLoad(all));
    const closing = await fillInputs(log, closingEvents(all));
    return Object.fromEntries(INPUTS.map((name) => [name, counts[name]! + closing[name]!]));
  } finally {
    await log.close();
  }
}

async function runOnce(kafka: Kafka, { engine, job, run, folder, references }: {
  readonly engine: Engine;
  readonly job: Job;
  readonly run: number;
  readonly folder: string;
  readonly references: Map<Job, ReferenceOutputs>;
}) {
  await removeAllBut(kafka, INPUTS);
  const log = await openLog(kafka.url);
  try {
    await log.createTopics(wattstreamTopics());
    const { worker, output } = JOBS[job];
    const group = engine === WATTSTREAM
      ? worker
      : `peer-${job}-${engine.name}-${run}`.replaceAll(" ", "-").toLowerCase();
    const task = { job, group, folder: await mkdtemp(`${folder}/${group}-`) };
    const used = await runEngines(kafka, { log, engines: [engine], task });
    const outputs = log.read({ topic: output });
    const name = `${engine.name}, ${job}`;
    const reference = references.get(job);
    if (reference !== undefined) {
      await reference.compare(outputs, name);
    } else {
      const path = `${folder}/${job}.txt`;
      references.set(job, await ReferenceOutputs.of(outputs, { name, path }));
    }
    await rm(task.folder, { recursive: true });
    return used;
  } finally {
    await log.close();
  }
}

/** What a reading's cost is made of: the stages of a CPU profile of V8. */

/** As the inspector's `Profiler.stop` has it. */
export interface CpuProfile {
  readonly nodes: readonly {
    readonly id: number;
    readonly callFrame: { readonly functionName: string; readonly url: string };
    readonly children?: readonly number[];
  }[];
  /** Node ids. */
  readonly samples: readonly number[];
  /** µs before each sample. */
  readonly timeDeltas: readonly number[];
}

export const STAGES = [
  ...["start-up", "fetch", "decode", "core", "encode", "send", "commit", "network"] as const,
  ...["metrics", "collection", "other"] as const,
];
export type Stage = typeof STAGES[number];

/** By the file of the innermost frame that one of them knows. */
const FILES: readonly (readonly [RegExp, Stage])[] = [
  [/prom-client|\/(log_|process_)?metrics\.ts|\/observe_tasks\.ts/, "metrics"],
  [
    /\/shared\/log\/kafka\/records\/(partition_fetcher|batch_reader)|\/apis\/consumer\/fetch/,
    "fetch",
  ],
  [/\/shared\/(bytes\/(event_|scanned_|number_)|stream\/event_reader|events\.ts)/, "decode"],
  [/_json\.ts|\/shared\/bytes\/(joined_texts|byte_writer)|\/records\/batch_writer/, "encode"],
  // A batch's checksum is of whoever reads or writes it.
  [/\/shared\/log\/kafka\/records\/(?!crc32c)|\/apis\/producer\/produce/, "send"],
  [/\/shared\/log\/kafka\/transaction\/|\/apis\/producer\//, "commit"],
  [/\/workers\/[^/]+\/(?!main)|\/shared\/(stream|bytes)\//, "core"],
  [/@platformatic\/kafka|ext:|node:/, "network"],
];

const COLLECTOR = "(garbage collector)";
const IDLE = "(idle)";

/**
 * Seconds that the main thread was busy with each stage. All up to the first work of the core is
 * start-up.
 */
export function stagesOf(profile: CpuProfile): Record<Stage, number> {
  const byNode = stagesByNode(profile);
  const seconds = Object.fromEntries(STAGES.map((stage) => [stage, 0])) as Record<Stage, number>;
  let hasBegun = false;
  for (const [index, id] of profile.samples.entries()) {
    const stage = byNode.get(id);
    if (stage === undefined) continue;
    hasBegun ||= stage === "core";
    seconds[hasBegun ? stage : "start-up"] += (profile.timeDeltas[index] ?? 0) / 1e6;
  }
  return seconds;
}

/** Undefined where nothing is done. */
function stagesByNode({ nodes }: CpuProfile): Map<number, Stage | undefined> {
  const parents = new Map<number, number>();
  const byId = new Map(nodes.map((node) => [node.id, node]));
  for (const { id, children } of nodes) for (const child of children ?? []) parents.set(child, id);
  return new Map(nodes.map(({ id, callFrame }) => {
    if (callFrame.functionName === IDLE) return [id, undefined];
    if (callFrame.functionName === COLLECTOR) return [id, "collection"];
    for (let at: number | undefined = id; at !== undefined; at = parents.get(at)) {
      const { url } = byId.get(at)!.callFrame;
      const known = FILES.find(([pattern]) => pattern.test(url));
      // What the runtime does is done for whoever called it.
      if (known !== undefined && known[1] !== "network") return [id, known[1]];
    }
    return [id, isNetwork(id, byId, parents) ? "network" : "other"];
  }));
}

function isNetwork(
  id: number,
  byId: ReadonlyMap<number, CpuProfile["nodes"][number]>,
  parents: ReadonlyMap<number, number>,
): boolean {
  for (let at: number | undefined = id; at !== undefined; at = parents.get(at)) {
    const { url } = byId.get(at)!.callFrame;
    if (FILES.some(([pattern, stage]) => stage === "network" && pattern.test(url))) return true;
  }
  return false;
}

/**
 * Runs a campaign on a node of this machine: builds the images, brings the node up, and goes on inside
 * its network, where pods, Kafka and the campaign see each other.
 */
import { realpath } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { invariant } from "../../../shared/errors.ts";
import { requireCommands } from "../../../shared/services/commands.ts";
import { withFileLock } from "../../../shared/services/file_lock.ts";
import type { Report } from "../../../shared/services/report.ts";
import { writeImages } from "../../image/images.ts";
import { insideNetwork, KubeNode, NODE_LOCK } from "./node.ts";

const INSIDE = fileURLToPath(new URL("./inside.ts", import.meta.url));

/** A small machine pulls it over a slow line. */
const IMAGE_BYTES_MAX = 150e6;

/** What came of one step. */
export interface StepResult {
  readonly step: string;
  readonly seconds: number;
  readonly error?: string;
}

/**
 * @param onStep Is told of each step as it ends.
 * @returns whether all went well.
 * @throws WattstreamError `unavailable` where images or node cannot be made.
 */
export async function verify(
  { campaign, report, onStep }: {
    readonly campaign: "short" | "long";
    readonly report: Report;
    readonly onStep: (result: StepResult) => void;
  },
): Promise<boolean> {
  const { mosquitto } = await requireCommands(["mosquitto"], report);
  return await withFileLock(NODE_LOCK, async () => {
    const folder = await Deno.makeTempDir({ prefix: "wattstream-images-" });
    try {
      report("Building the images");
      const file = `${folder}/images.tar`;
      const programs = [{ name: "mosquitto", path: await realpath(mosquitto) }];
      const made = { repository: "localhost/wattstream", tag: "test", file, programs };
      for (const { tag, bytes } of await writeImages(made)) {
        invariant(bytes < IMAGE_BYTES_MAX, `${tag} has ${bytes} bytes`);
      }
      report("Starting the node");
      const parts = ["dns", "volumes", "certificates"] as const;
      const all = campaign === "long" ? [...parts, "keda"] as const : parts;
      await using _node = await KubeNode.start([file], all);
      return await runInside(campaign, { report, onStep });
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  });
}

async function runInside(
  campaign: string,
  { report, onStep }: { readonly report: Report; readonly onStep: (result: StepResult) => void },
): Promise<boolean> {
  const deno = [Deno.execPath(), "run", "-A", "--quiet", INSIDE, campaign];
  const [command, args] = insideNetwork(deno);
  await using child = new Deno.Command(command, { args, stdin: "null", stdout: "piped" }).spawn();
  let rest = "";
  for await (const text of child.stdout.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + text).split("\n");
    rest = lines.pop()!;
    for (const line of lines) {
      if (line.startsWith('{"step":')) onStep(JSON.parse(line));
      else report(line);
    }
  }
  return (await child.status).success;
}

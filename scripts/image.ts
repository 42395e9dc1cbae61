/** `deno task image`: container images of all programs, made on this machine without a registry. */
import { z } from "zod";
import { hasCode, messageOf } from "../shared/errors.ts";
import { flag } from "../shared/service/config.ts";
import { parseOrExplain } from "../shared/service/program.ts";
import { print, printError } from "../shared/service/terminal.ts";
import { writeImages } from "./image/images.ts";

const imageConfig = z.strictObject({
  repository: flag.text().default("ghcr.io/wattstream").describe(
    "What stands before an image's name",
  ),
  tag: flag.text().optional().describe("Tag of the images; without it the version"),
  out: flag.text().default("dist/images.tar").describe(
    "File that takes the images, as docker save",
  ),
});

async function main(): Promise<number> {
  const parsed = parseOrExplain({
    name: "image",
    summary: "container images of all programs, made on this machine without a registry",
    config: imageConfig,
  }, { args: Deno.args, env: (name) => Deno.env.get(name) });
  if (typeof parsed === "number") return parsed;
  try {
    const { repository, tag, out: file } = parsed.config;
    for (const image of await writeImages({ repository, tag, file })) {
      print(`${image.tag}  ${Math.round(image.bytes / 1e6)} MB`);
    }
    return 0;
  } catch (error) {
    printError(`image: ${messageOf(error)}`);
    return hasCode(error, "config") ? 2 : 1;
  }
}

if (import.meta.main) Deno.exit(await main());

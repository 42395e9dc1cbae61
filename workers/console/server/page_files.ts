/**
 * The files of the page, from memory. Its program is bundled from `page/`: `deno task build` puts it
 * into the console's own bundle, in a working copy it stands where `deno task console` and
 * `deno task dev` have put it.
 */
import uplotCss from "uplot/dist/uPlot.min.css" with { type: "text" };
import { WattstreamError } from "../../../shared/errors.ts";
import html from "../page/index.html" with { type: "text" };
import css from "../page/style.css" with { type: "text" };

/** What stands in the console's bundle until the page's program, in base64, takes its place. */
export const PROGRAM_STAMP: string = "@WATTSTREAM_CONSOLE_PAGE@";

const WORKING_COPY = new URL("../../../.cache/console/app.js", import.meta.url);

export interface PageFile {
  readonly type: string;
  readonly text: string;
}

/** By path. @throws WattstreamError `config` where the program has not been bundled. */
export async function loadPageFiles(): Promise<ReadonlyMap<string, PageFile>> {
  return new Map([
    ["/", { type: "text/html; charset=utf-8", text: html }],
    ["/style.css", { type: "text/css; charset=utf-8", text: `${uplotCss}\n${css}` }],
    ["/app.js", { type: "text/javascript; charset=utf-8", text: await program() }],
  ]);
}

async function program(): Promise<string> {
  if (!PROGRAM_STAMP.startsWith("@")) {
    return new TextDecoder().decode(Uint8Array.fromBase64(PROGRAM_STAMP));
  }
  try {
    return await Deno.readTextFile(WORKING_COPY);
  } catch (cause) {
    throw new WattstreamError(
      "config",
      "Start it by deno task console or deno task dev, which bundle its page: there is none yet",
      { cause },
    );
  }
}

/** `deno task screenshots`: pictures of a running console's pages, for the README. */
import puppeteer, { type Browser } from "puppeteer-core";
import { z } from "zod";
import { messageOf, WattstreamError } from "../shared/errors.ts";
import { flag } from "../shared/service/config.ts";
import { parseOrExplain } from "../shared/service/program.ts";
import { print, printError } from "../shared/service/terminal.ts";
import { findCommand, systemSource } from "../shared/services/commands.ts";

const config = z.strictObject({
  console: flag.url(["http", "https"]).prefault("http://127.0.0.1:8080").describe(
    "The console, such as deno task dev says where it is",
  ),
  household: z.string().regex(/^[^/]+\/[^/]+$/, "expected USER/CLIENT_ID").describe(
    "Whose page is taken, USER/CLIENT_ID",
  ),
  out: flag.text().prefault(".github/pictures").describe("Folder for the pictures"),
});

interface Picture {
  readonly name: string;
  /** Behind the `#`. */
  readonly route: string;
  /** What is there once the page is. */
  readonly selector: string;
  readonly theme: "light" | "dark";
  readonly width: number;
  readonly height: number;
}

/** So long a page is watched before it is taken: its charts begin with it. */
const WATCHED_MS = 45_000;

async function main(): Promise<number> {
  const parsed = parseOrExplain({
    name: "screenshots",
    summary: "pictures of a running console's pages",
    usage: "--household USER/CLIENT_ID [flags]",
    config,
  }, { args: Deno.args, env: (name) => Deno.env.get(name) });
  if (typeof parsed === "number") return parsed;
  const { household, out, console: url } = parsed.config;
  const path = `households/${household.split("/").map(encodeURIComponent).join("/")}`;
  const wide = { width: 1360, height: 900 };
  const pictures: Picture[] = [
    {
      ...{ name: "console-system", route: "system", theme: "light", ...wide },
      selector: ".chart canvas",
    },
    {
      ...{ name: "console-household", route: path, theme: "dark", ...wide },
      selector: ".band",
    },
    {
      ...{ name: "console-label", route: `${path}/label`, theme: "light" },
      ...{ selector: "[role=switch]", width: 390, height: 844 },
    },
  ];
  try {
    const { folders } = systemSource();
    const executablePath = await findCommand("chromium", folders) ??
      await findCommand("google-chrome", folders);
    if (executablePath === undefined) throw new WattstreamError("unavailable", "Install Chromium");
    const browser = await puppeteer.launch({ executablePath, args: ["--no-sandbox"] });
    try {
      await Promise.all(pictures.map((picture) => take(browser, picture, { url, out })));
    } finally {
      await browser.close();
    }
    return 0;
  } catch (error) {
    printError(`screenshots: ${messageOf(error)}`);
    return 1;
  }
}

async function take(
  browser: Browser,
  { name, route, selector, theme, width, height }: Picture,
  { url, out }: { readonly url: string; readonly out: string },
): Promise<void> {
  const page = await browser.newPage();
  await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: theme }]);
  await page.setViewport({ width, height });
  await page.goto(`${url}#/${route}`);
  await page.waitForSelector(selector, { timeout: WATCHED_MS });
  await new Promise((resolve) => setTimeout(resolve, WATCHED_MS));
  const path = `${out}/${name}.png` as const;
  await page.screenshot({ path });
  print(path);
}

if (import.meta.main) Deno.exit(await main());

/** The console's pages in a real Chromium, for tests: what a person sees, and what must not happen. */
import assert from "node:assert/strict";
import axe, { type AxeResults } from "axe-core";
import puppeteer, { type Browser, type Page } from "puppeteer-core";
import { findCommand, systemSource } from "../../shared/services/commands.ts";
import { eventually, PATIENCE_MS } from "../../shared/eventually.ts";

/** Generous: the machine may be busy. */
export const DEADLINE = { deadlineMs: PATIENCE_MS, intervalMs: 50 };

export const THEMES = ["light", "dark"] as const;
export const WIDTHS = { phone: 390, wall: 1600 } as const;

const AXE_TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
const AXE_RUN = `axe.run(document, { runOnly: ${JSON.stringify(AXE_TAGS)} })`;
/** By so many pixels the page is wider than its window. */
const OVERFLOWING = "document.documentElement.scrollWidth - document.documentElement.clientWidth";

export interface OpenPage {
  readonly page: Page;
  /** Errors of the page's program, and requests to other hosts. */
  readonly complaints: readonly string[];
}

/** Runs `body` with a browser of its own. */
export async function withBrowser(body: (browser: Browser) => Promise<void>): Promise<void> {
  const { folders } = systemSource();
  const path = await findCommand("chromium", folders) ??
    await findCommand("google-chrome", folders);
  assert.ok(path !== undefined, "there is no Chromium");
  const browser = await puppeteer.launch({
    executablePath: path,
    args: ["--no-sandbox"],
    timeout: PATIENCE_MS,
    protocolTimeout: PATIENCE_MS,
  });
  try {
    await body(browser);
  } finally {
    await browser.close();
  }
}

/** Opens a page in a profile of its own. */
export async function openPage(browser: Browser, url: string): Promise<OpenPage> {
  const context = await browser.createBrowserContext();
  const page = await context.newPage();
  page.setDefaultTimeout(PATIENCE_MS);
  const complaints: string[] = [];
  page.on("pageerror", (error) => complaints.push(`error: ${error}`));
  page.on("console", (message) => {
    // That the server is away is what some tests are about; the browser says so as well.
    if (message.type() !== "error" || /net::ERR_|status of/.test(message.text())) return;
    complaints.push(`console: ${message.text()}`);
  });
  page.on("request", (request) => {
    const target = new URL(request.url());
    if (target.protocol !== "data:" && target.host !== new URL(url).host) {
      complaints.push(`request: ${request.url()}`);
    }
  });
  await page.setViewport({ width: WIDTHS.wall, height: 900 });
  await page.goto(url);
  return { page, complaints };
}

/** What a person can read of it. */
export async function textOf(page: Page): Promise<string> {
  return await page.evaluate("document.body.innerText") as string;
}

/** Waits until a person can read this. */
export async function untilText(page: Page, pattern: RegExp): Promise<RegExpExecArray> {
  return await eventually(async () => {
    const text = await textOf(page);
    const match = pattern.exec(text);
    assert.ok(match !== null, `no ${pattern} in:\n${text}`);
    return match;
  }, DEADLINE);
}

/** Waits until a person can read it no more. */
export async function untilNoText(page: Page, pattern: RegExp): Promise<void> {
  await eventually(async () => assert.doesNotMatch(await textOf(page), pattern), DEADLINE);
}

/** Nothing that axe-core finds fault with, in both themes, on a phone and on a wall. */
export async function assertAccessible(page: Page): Promise<void> {
  for (const theme of THEMES) {
    await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: theme }]);
    for (const [screen, width] of Object.entries(WIDTHS)) {
      await page.setViewport({ width, height: 900 });
      const overflowing = await page.evaluate(OVERFLOWING) as number;
      assert.ok(overflowing <= 0, `${screen}: it is ${overflowing} px too wide`);
      await page.evaluate(axe.source);
      const { violations: found } = await page.evaluate(AXE_RUN) as AxeResults;
      const violations = found.map(({ id, nodes }) =>
        `${id}: ${nodes.map(({ html, failureSummary }) => `${html} ${failureSummary}`).join("; ")}`
      );
      assert.deepEqual(violations, [], `${theme}, ${screen}`);
    }
  }
}

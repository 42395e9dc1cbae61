/** Logging in on the console, in a browser, and over TLS below a path. */
import assert from "node:assert/strict";
import type { Browser, Page } from "puppeteer-core";
import { eventually } from "../../shared/eventually.ts";
import { makeCertificates } from "../../shared/services/certificates.ts";
import { assertAccessible, DEADLINE, openPage, textOf, untilText, withBrowser } from "./browser.ts";
import {
  type GuardedConsole,
  PASSWORDS,
  publishedDuring,
  startGuardedConsole,
} from "./guarded_console.ts";

/** By keyboard alone: the first field has the focus. */
async function logInByKeyboard(page: Page, username: string, password: string): Promise<void> {
  await untilText(page, /Log in\n/);
  await eventually(async () => {
    assert.equal(await page.evaluate("document.activeElement?.name"), "username");
  }, DEADLINE);
  await page.keyboard.type(username);
  await page.keyboard.press("Tab");
  await page.keyboard.type(password);
  await page.keyboard.press("Enter");
}

/** What a page of another site has the user's browser send. */
async function attackFromElsewhere(browser: Page, { url }: GuardedConsole): Promise<void> {
  const target = JSON.stringify(`${url}/api/households/anna/flat/devices`);
  const labels = JSON.stringify(`${url}/api/households/anna/flat/labels`);
  const html =
    `<!doctype html><title>evil</title><form method="post" enctype="text/plain" action=${labels}><input name='{"page":"evil page","on":[true],"x":"' value='"}'></form><script>
    const devices = JSON.stringify({ devices: [{ name: "evil" }] });
    const headers = { "content-type": "application/json" };
    const sends = ["cors", "no-cors"].flatMap((mode) => ["PUT", "POST"].map((method) =>
      fetch(${target}, { method, mode, credentials: "include", headers, body: devices }).catch(() => {})));
    Promise.all(sends).then(() => document.forms[0].submit());
  </script>`;
  const server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    () => new Response(html, { headers: { "content-type": "text/html" } }),
  );
  try {
    const tab = await browser.browserContext().newPage();
    // Another name, so another site, that the browser takes for as trustworthy.
    await tab.goto(`http://localhost:${server.addr.port}/`);
    await eventually(() => assert.ok(tab.url().startsWith(url), tab.url()), DEADLINE);
    await untilText(tab, /only this page itself may do that|log in first/);
    await tab.close();
  } finally {
    await server.shutdown();
  }
}

async function userSees(browser: Browser, guarded: GuardedConsole): Promise<void> {
  const { page, complaints } = await openPage(browser, `${guarded.url}/#/households/anna/flat`);
  await untilText(page, /Log in\n/);
  await assertAccessible(page);
  await logInByKeyboard(page, "anna", "not it");
  await untilText(page, /knows no such user and password/);
  await assertAccessible(page);
  await page.reload();
  await logInByKeyboard(page, "anna", PASSWORDS.anna);
  await untilText(page, /say what is on/);
  assert.doesNotMatch(await textOf(page), /System/);
  assert.equal(await page.evaluate("document.cookie"), "", "no script can read the cookie");
  await assertAccessible(page);

  const published = await publishedDuring(guarded, () => attackFromElsewhere(page, guarded));
  assert.deepEqual(published, []);

  await page.goto(`${guarded.url}/#/households/berta/flat`);
  await untilText(page, /This household is another user's/);
  await page.goto(`${guarded.url}/#/households`);
  await untilText(page, /of anna/);
  const other = await page.browserContext().newPage();
  await other.goto(`${guarded.url}/#/households/anna/flat`);
  await untilText(other, /say what is on/);
  await page.bringToFront();
  await page.click(".viewing button");
  await untilText(page, /Log in\n/);
  await untilText(other, /Log in\n/);
  assert.deepEqual(complaints, []);
}

async function operatorSees(browser: Browser, guarded: GuardedConsole): Promise<void> {
  const { page, complaints } = await openPage(browser, `${guarded.url}/`);
  await logInByKeyboard(page, "olga", PASSWORDS.olga);
  await untilText(page, /System\n/);
  await page.goto(`${guarded.url}/#/households`);
  await untilText(page, /of anna[^]*of berta/);
  await page.goto(`${guarded.url}/#/households/berta/flat`);
  await untilText(page, /of berta/);
  assert.doesNotMatch(await textOf(page), /say what is on/);
  assert.deepEqual(complaints, []);
}

/** The console keeps nothing: one that was killed asks anew, and the page goes on where it was. */
async function userLogsInAgain(browser: Browser, guarded: GuardedConsole): Promise<void> {
  const { page, complaints } = await openPage(browser, `${guarded.url}/#/households/anna/flat`);
  await logInByKeyboard(page, "anna", PASSWORDS.anna);
  await untilText(page, /say what is on/);
  await page.evaluate("document.body.dataset.mark = 'not reloaded'");
  await guarded.restart();
  await logInByKeyboard(page, "anna", PASSWORDS.anna);
  await untilText(page, /say what is on/);
  assert.equal(await page.evaluate("document.body.dataset.mark"), "not reloaded");
  assert.deepEqual(complaints, []);
}

Deno.test("people log in on the console by keyboard, and see what is theirs until they log out", async () => {
  const guarded = await startGuardedConsole();
  try {
    await withBrowser(async (browser) => {
      await userSees(browser, guarded);
      await operatorSees(browser, guarded);
    });
    await eventually(async () => {
      assert.equal(await guarded.process.metric("wattstream_console_sessions"), 1);
    }, DEADLINE);
    await withBrowser((browser) => userLogsInAgain(browser, guarded));
  } finally {
    await guarded.stop();
  }
});

Deno.test("the console serves TLS from files, below a path, with cookies for that alone", async () => {
  const folder = await Deno.makeTempDir();
  const { caPath } = await makeCertificates({ folder, expired: false }, () => {});
  const guarded = await startGuardedConsole([
    ...["--tls-cert", `${folder}/server.pem`, "--tls-key", `${folder}/server.key`],
    ...["--log-in", "--base-path", "/energy/console"],
  ]);
  const client = Deno.createHttpClient({ caCerts: [await Deno.readTextFile(caPath)] });
  try {
    assert.match(guarded.url, /^https:\/\/127\.0\.0\.1:\d+\/energy\/console$/);
    const ask = async (url: string, body?: unknown) => {
      const method = body === undefined ? "GET" : "POST";
      const response = await fetch(url, {
        ...{ client, method, redirect: "manual" },
        ...(body !== undefined && { body: JSON.stringify(body) }),
      });
      await response.body?.cancel();
      return response;
    };
    const page = await ask(`${guarded.url}/`);
    assert.equal(page.status, 200);
    assert.match(page.headers.get("strict-transport-security")!, /^max-age=\d+$/);
    const bare = await ask(guarded.url);
    assert.equal(bare.headers.get("location"), "/energy/console/");
    const { origin } = new URL(guarded.url);
    for (const path of ["/", "/app.js", "/energy/", "/energy/consoleapp.js"]) {
      assert.equal((await ask(`${origin}${path}`)).status, 404, path);
    }
    const anna = { username: "anna", password: PASSWORDS.anna };
    const { headers } = await ask(`${guarded.url}/api/log-in`, anna);
    assert.match(
      headers.get("set-cookie")!,
      /^__Secure-wattstream=[^;]+; Path=\/energy\/console\/; HttpOnly; Secure; SameSite=Strict$/,
    );
  } finally {
    client.close();
    await guarded.stop();
    await Deno.remove(folder, { recursive: true });
  }
});

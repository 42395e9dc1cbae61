/** How one user may try to get at another's household on the console, and that nothing comes of it. */
import assert from "node:assert/strict";
import { eventually, PATIENCE_MS } from "../../shared/eventually.ts";
import { startMosquitto } from "../../shared/services/mosquitto.ts";
import { startWorker } from "../../shared/services/worker_process.ts";
import {
  askAt,
  type AskOptions,
  DATASET_S,
  type GuardedConsole,
  PASSWORDS,
  publishedDuring,
  startGuardedConsole,
} from "./guarded_console.ts";

const DEADLINE = { deadlineMs: PATIENCE_MS, intervalMs: 50 };
const LABELS = { page: "a page's name", word: 1, on: [true] };
const DEVICES = { devices: [{ name: "kettle" }] };

async function withConsole(
  body: (guarded: GuardedConsole) => Promise<void>,
  args?: readonly string[],
): Promise<void> {
  const guarded = await startGuardedConsole(args);
  try {
    await body(guarded);
  } finally {
    await guarded.stop();
  }
}

/** Asks with a path as it is: clients mend such as have dots, or are not encoded. */
async function askRaw(url: string, path: string, cookie: string): Promise<string> {
  const { hostname, port } = new URL(url);
  const connection = await Deno.connect({ hostname, port: Number(port) });
  const request = `GET ${path} HTTP/1.1\r\nhost: ${hostname}:${port}\r\ncookie: ${cookie}\r\n` +
    "connection: close\r\n\r\n";
  await connection.write(new TextEncoder().encode(request));
  const reader = connection.readable.pipeThrough(new TextDecoderStream()).getReader();
  const { value } = await reader.read();
  await reader.cancel();
  return value ?? "";
}

Deno.test("a path of another's household is refused, however it is written", async () => {
  await withConsole(async ({ url, logIn }) => {
    const cookie = await logIn("anna");
    const file = `datasets/${DATASET_S}.json`;
    assert.match(await askRaw(url, `/api/households/anna/flat/${file}`, cookie), /^HTTP\/1.1 200/);
    const others = [
      ...["berta/flat", "%62erta/flat", "%62%65rta/fl%61t", "Berta/flat", "BERTA/flat"],
      ...["anna/../berta/flat", "anna/%2e%2e/berta/flat", "anna%2f..%2fberta/flat", "./berta/flat"],
      ...[
        "/berta/flat",
        "berta//flat",
        "anna/flat/../../berta/flat",
        "berta%00/flat",
        "berta%20/flat",
      ],
      ...["anna%252f..%252fberta/flat", "*/flat", "+/flat", "%23/flat", "%/flat", "%ff/flat"],
      ...[
        "berta/flat?username=anna",
        "berta/flat;username=anna",
        "anna,berta/flat",
        "berta\\/flat",
      ],
    ];
    for (const other of others) {
      const paths = [`/api/households/${other}/${file}`, `/events/households/${other}`];
      for (const path of [...paths, `/API/households/${other}/${file}`]) {
        const answer = await askRaw(url, path, cookie);
        assert.match(answer, /^HTTP\/1.1 (400|403|404|30\d) /, path);
        assert.doesNotMatch(answer, /2100/, path);
      }
    }
    for (const header of ["x-original-url", "x-rewrite-url", "x-http-method-override"]) {
      const trick = `${cookie}\r\n${header}: /api/households/anna/flat/${file}`;
      const answer = await askRaw(url, `/api/households/berta/flat/${file}`, trick);
      assert.match(answer, /^HTTP\/1.1 403/, header);
    }
  });
});

Deno.test("a cookie that was changed, made up, or of who has logged out is nobody's", async () => {
  await withConsole(async ({ ask, logIn, process, mosquitto }) => {
    const [anna, berta] = [await logIn("anna"), await logIn("berta")];
    const statusWith = async (cookie: string) => (await ask("/api/me", { cookie })).status;
    assert.equal(await statusWith(anna), 200);
    const [name, value] = [anna.slice(0, anna.indexOf("=")), anna.slice(anna.indexOf("=") + 1)];
    const [id, signature] = decodeURIComponent(value).split(".");
    const [otherId] = decodeURIComponent(berta.slice(berta.indexOf("=") + 1)).split(".");
    const flipped = `${id![0] === "0" ? "1" : "0"}${id!.slice(1)}`;
    const tricks = [
      ...[id!, `${id}.`, `${flipped}.${signature}`, `${otherId}.${signature}`, `.${signature}`],
      ...["anna", "undefined", "__proto__", "constructor", ""],
    ];
    for (const trick of tricks) {
      assert.equal(await statusWith(`${name}=${encodeURIComponent(trick)}`), 401, trick);
    }
    assert.equal(await statusWith(`${name}=${value}x`), 401);
    assert.equal(await statusWith(`__Host-${name}=${value}`), 401, "of the page over TLS");

    assert.equal(
      (await ask("/api/log-out", { method: "POST", cookie: berta, body: {} })).status,
      200,
    );
    assert.equal(await statusWith(berta), 401, "after it has logged out");
    assert.equal(await statusWith(anna), 200, "another's log-out");
    const gone = { method: "POST", cookie: berta, body: LABELS };
    assert.equal((await ask("/api/households/berta/flat/labels", gone)).status, 401);
    await eventually(async () => {
      assert.equal(await process.metric("wattstream_console_sessions"), 1);
      const log = await Deno.readTextFile(`${mosquitto.folder}/mosquitto.log`);
      assert.match(log, /u'berta'/, "it was connected as itself");
    }, DEADLINE);
  });
});

Deno.test("what another site has a browser send is refused", async () => {
  await withConsole(async (guarded) => {
    const { ask, logIn, url } = guarded;
    const cookie = await logIn("anna");
    const sends: [string, string, unknown][] = [
      ["PUT", "/api/households/anna/flat/devices", DEVICES],
      ["POST", "/api/households/anna/flat/labels", LABELS],
      ["POST", "/api/log-out", {}],
      ["POST", "/api/log-in", { username: "berta", password: PASSWORDS.berta }],
    ];
    const elsewhere: Record<string, string>[] = [
      { origin: "https://evil.example" },
      { origin: "null" },
      { origin: url.replace("http:", "https:").replace(/\d+$/, "1") },
      { "sec-fetch-site": "cross-site" },
      { "sec-fetch-site": "same-site", origin: url },
      { origin: "https://evil.example", "content-type": "text/plain" },
    ];
    const published = await publishedDuring(guarded, async () => {
      for (const [method, path, body] of sends) {
        for (const headers of elsewhere) {
          const { status } = await ask(path, { method, cookie, body, headers });
          assert.equal(status, 403, `${method} ${path} ${JSON.stringify(headers)}`);
        }
      }
    });
    assert.deepEqual(published, []);
    assert.equal((await ask("/api/me", { cookie })).status, 200, "nobody logged it out");
    const { headers } = await ask("/api/log-in", {
      ...{ method: "POST", body: { username: "anna", password: PASSWORDS.anna } },
      headers: { origin: url },
    });
    assert.match(headers.get("set-cookie")!, /; Path=\/; HttpOnly; SameSite=Strict$/);
  });
});

Deno.test("a user publishes with its own credentials, and for nobody else by any name", async () => {
  await withConsole(async (guarded) => {
    const { ask, logIn, mosquitto } = guarded;
    const cookie = await logIn("anna");
    const olga = await logIn("olga");
    const put = async (path: string, options: AskOptions = { cookie }) =>
      (await ask(`/api/households/${path}/devices`, { method: "PUT", body: DEVICES, ...options }))
        .status;
    const published = await publishedDuring(guarded, async () => {
      assert.equal(await put("anna/flat"), 200);
      assert.equal(await put("anna/new%20flat"), 200);
      const names = ["anna/..%2Fberta%2Fflat", "anna/%23", "anna/+", "anna/a%2Fb", "anna/%00"];
      for (const name of names) assert.equal(await put(name), 400, name);
      for (const name of ["berta/flat", "anna%2Fflat/x", "+/flat", "%23/flat", "Anna/flat"]) {
        assert.equal(await put(name), 403, name);
      }
      assert.equal(await put("anna/flat", { cookie: olga }), 403, "an operator");
      const forged = { ...DEVICES, username: "berta", client_id: "flat" };
      assert.equal(await put("anna/forged", { cookie, body: forged }), 200);
    });
    const topics = published.map(({ topic }) => topic).sort();
    assert.deepEqual(
      topics,
      ["flat", "forged", "new flat"].map((n) => `energy/anna/${n}/household`),
    );
    for (const { text } of published) assert.equal(JSON.parse(text).username, "anna");
    const log = await Deno.readTextFile(`${mosquitto.folder}/mosquitto.log`);
    assert.match(log, /as wattstream-console-[\w-]+ \(.*u'anna'\)/);
  });
});

Deno.test("labels go out with the user's own credentials, until it logs out", async () => {
  await withConsole(async (guarded) => {
    const { ask, logIn } = guarded;
    const cookie = await logIn("anna");
    const path = "/api/households/anna/flat/labels";
    const label = () => ask(path, { method: "POST", cookie, body: LABELS });
    const published = await publishedDuring(guarded, async () => {
      await eventually(async () => {
        const { text } = await label();
        assert.ok(JSON.parse(text).publishedS > 0, text);
      }, { ...DEADLINE, intervalMs: 300 });
      await ask("/api/log-out", { method: "POST", cookie, body: {} });
      assert.equal((await label()).status, 401);
      await eventually(async () => {
        assert.equal(await guarded.process.metric("wattstream_console_labellers"), 0);
      }, DEADLINE);
    });
    assert.ok(published.length > 0);
    for (const { topic, text } of published) {
      assert.equal(topic, "energy/anna/flat/device-state");
      assert.deepEqual(JSON.parse(text).state_bitmap, [true]);
    }
  });
});

Deno.test("nobody logs in without the broker, under another's name, or by trying", async () => {
  await withConsole(async ({ ask, process }) => {
    const logIn = async (username: unknown, password: unknown) =>
      await ask("/api/log-in", { method: "POST", body: { username, password } });
    const wrong: [string, string][] = [
      ...["anna ", " anna", "Anna", "ANNA", "%61nna", "ann%61", "olga,anna"]
        .map((name): [string, string] => [name, PASSWORDS.anna]),
      ...[["a/b", PASSWORDS["a/b"]], ["+", "x"], ["#", "x"], ["$SYS", "x"]] as [string, string][],
      ...[["anna", PASSWORDS.berta], ["anna", "ANNA SAYS"]] as [string, string][],
    ];
    for (const [name, password] of wrong) {
      assert.equal((await logIn(name, password)).status, 401, JSON.stringify(name));
    }
    const none = ["", null, true, 1, ["anna"], { anna: 1 }, "x".repeat(2000)];
    for (const name of [...none, "anna\n", "anna\0"]) {
      assert.equal((await logIn(name, PASSWORDS.anna)).status, 400);
    }
    for (const password of none) assert.equal((await logIn("anna", password)).status, 400);
    assert.equal((await logIn("anna", PASSWORDS.anna)).status, 200);
    const statuses = new Set<number>();
    for (let count = 0; count < 20; count++) statuses.add((await logIn("berta", "guess")).status);
    assert.deepEqual([...statuses], [401, 429]);
    const late = await logIn("berta", PASSWORDS.berta);
    assert.equal(late.status, 429, "the right password comes too late");
    assert.ok(Number(late.headers.get("retry-after")) > 0);
    const written = JSON.stringify([process.lines, process.otherLines]);
    for (const secret of ["guess", ...Object.values(PASSWORDS)]) {
      assert.ok(!written.includes(secret), `"${secret}" was logged`);
    }
  });
});

Deno.test("a broker that lets everyone in says nothing of who somebody is", async () => {
  const open = await startMosquitto();
  try {
    await withConsole(async ({ mosquitto: { folder } }) => {
      const log = `sqlite:${folder}/log.db`;
      const process = startWorker("console", [
        ...["--log", log, "--console", "127.0.0.1:0", "--log-in", "--mqtt", open.url],
      ]);
      try {
        await process.ready();
        const url = process.lines.find(({ message }) => message === "serving")!.address as string;
        const body = { username: "anna", password: PASSWORDS.anna };
        const { status, text } = await askAt(`${url}/api/log-in`, { method: "POST", body });
        assert.equal(status, 503);
        assert.match(text, /The broker lets everyone in under any name/);
      } finally {
        await process.end();
      }
    });
  } finally {
    await open.stop();
  }
});

import assert from "node:assert/strict";
import { hasCode } from "../../shared/errors.ts";
import { forgetSession, SessionRecord } from "./session_record.ts";

const SESSION = { broker: "mqtt://broker:1883", clientId: "the-whole-secret" };

function withFolder(run: (folder: string) => void): void {
  const folder = Deno.makeTempDirSync();
  try {
    run(folder);
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
}

Deno.test("SessionRecord knows in the next process of the session that it had", () =>
  withFolder((folder) => {
    const first = new SessionRecord(folder, SESSION);
    assert.equal(first.isKnown, false);
    first.rememberDropped("$SYS/a", 7);
    assert.equal(new SessionRecord(folder, SESSION).isKnown, false, "it was never there");
    first.remember();
    const second = new SessionRecord(folder, SESSION);
    assert.deepEqual([second.isKnown, second.droppedBefore("$SYS/a")], [true, 7]);
    second.rememberDropped("$SYS/a", 9);
    assert.equal(new SessionRecord(folder, SESSION).droppedBefore("$SYS/a"), 9);
  }));

Deno.test("SessionRecord takes another broker's or client id's session for none", () =>
  withFolder((folder) => {
    new SessionRecord(folder, SESSION).remember();
    for (const other of [{ broker: "mqtt://other:1883" }, { clientId: "other" }]) {
      assert.equal(new SessionRecord(folder, { ...SESSION, ...other }).isKnown, false);
    }
  }));

Deno.test("SessionRecord forgets what was ended, and writes down no client id", () =>
  withFolder((folder) => {
    const record = new SessionRecord(folder, SESSION);
    record.remember();
    const text = Deno.readTextFileSync(`${folder}/session.json`);
    assert.ok(!text.includes(SESSION.clientId));
    record.forget();
    assert.equal(new SessionRecord(folder, SESSION).isKnown, false);
    record.remember();
    forgetSession(folder);
    forgetSession(folder);
    assert.equal(new SessionRecord(folder, SESSION).isKnown, false);
  }));

Deno.test("SessionRecord names the file that is none", () =>
  withFolder((folder) => {
    Deno.writeTextFileSync(`${folder}/session.json`, '{"session":1}');
    assert.throws(
      () => new SessionRecord(folder, SESSION),
      (error) => hasCode(error, "config") && /Remove .*session.json/.test(error.message),
    );
  }));

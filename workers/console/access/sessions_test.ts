import assert from "node:assert/strict";
import { eventually, PATIENCE_MS } from "../../../shared/eventually.ts";
import { mayPublish, maySee, type SessionBroker, Sessions } from "./sessions.ts";

const MINUTE_MS = 60_000;
const DEADLINE = { deadlineMs: PATIENCE_MS, intervalMs: 20 };

function broker() {
  const own = {
    problem: undefined,
    isRefused: false,
    isClosed: false,
    publish: () => Promise.resolve(),
    close: () => {
      own.isClosed = true;
      return Promise.resolve();
    },
  };
  return own satisfies SessionBroker;
}

function setup() {
  const clock = { nowMs: 1_000_000 };
  const sessions = new Sessions({ operators: ["olga"], nowMs: () => clock.nowMs });
  return { clock, sessions };
}

Deno.test("Sessions know an operator by name, exactly", async () => {
  const { sessions } = setup();
  const household = { username: "anna", client_id: "flat" };
  const may = (username: string) => {
    const session = sessions.find(sessions.open(username, broker()))!;
    return [maySee(session, household), mayPublish(session, household)];
  };
  assert.deepEqual(may("anna"), [true, true]);
  assert.deepEqual(may("olga"), [true, false]);
  for (const other of ["Anna", "Olga", "anna ", "berta"]) {
    assert.deepEqual(may(other), [false, false]);
  }
  await sessions.close();
});

Deno.test("Sessions last while a page listens, and five minutes without", async () => {
  const { clock, sessions } = setup();
  const own = broker();
  const id = sessions.open("anna", own);
  const release = sessions.find(id)!.hold();
  clock.nowMs += 60 * MINUTE_MS;
  const session = sessions.find(id)!;
  release();
  clock.nowMs += 5 * MINUTE_MS;
  assert.equal(sessions.find(id), session);
  clock.nowMs += 5 * MINUTE_MS + 1;
  await eventually(
    () => assert.deepEqual([own.isClosed, session.signal.aborted], [true, true]),
    DEADLINE,
  );
  assert.equal(sessions.find(id), undefined);
  await sessions.close();
});

Deno.test("Sessions end after twelve hours, and when the broker knows the user no more", async () => {
  const { clock, sessions } = setup();
  const [old, refused] = [broker(), broker()];
  const oldId = sessions.open("anna", old);
  sessions.find(oldId)!.hold();
  clock.nowMs += 12 * 60 * MINUTE_MS + 1;
  const refusedId = sessions.open("anna", refused);
  assert.equal(sessions.find(oldId), undefined);
  refused.isRefused = true;
  assert.equal(sessions.find(refusedId), undefined);
  assert.deepEqual([old.isClosed, refused.isClosed], [true, true]);
  await sessions.close();
});

Deno.test("Sessions are bounded, a user's by the oldest and all by refusing", async () => {
  const { sessions } = setup();
  const first = sessions.open("anna", broker());
  for (let count = 0; count < 20; count++) sessions.open("anna", broker());
  assert.equal(sessions.find(first), undefined);
  assert.equal(sessions.count, 20);
  for (let count = 20; count < 2000; count++) sessions.open(`user ${count}`, broker());
  assert.throws(() => sessions.open("berta", broker()), /Too many people have logged in/);
  await sessions.close();
  assert.equal(sessions.count, 0);
});

Deno.test("Sessions have a bounded number of pages that listen", async () => {
  const { sessions } = setup();
  const session = sessions.find(sessions.open("anna", broker()))!;
  const releases = Array.from({ length: 50 }, () => session.hold());
  assert.throws(() => session.hold(), /too many are open/);
  releases[0]!();
  session.hold();
  await sessions.close();
});

import assert from "node:assert/strict";
import { pathText, quoted, withoutCredentials } from "./secrets.ts";

Deno.test("quoted() repeats numbers and short words, and nothing that may be a secret", () => {
  for (const text of ["", "99", "-1,5", "15x", "soon", "2/2", "a-{client_id}", "127.0.0.1:99999"]) {
    assert.equal(quoted(text), `"${text}"`);
  }
  for (
    const text of [
      ...["hunter2", "S3cret-S3cret", "correcthorsebatterystaple", "mqtt://u:p@h", "mqtt//u:p@h"],
      ...["u@h", "a?b=c", "two words", "x#y", "péage"],
    ]
  ) assert.equal(quoted(text), '"…"', text);
});

Deno.test("pathText() repeats a path that begins like one", () => {
  for (const path of ["/run/secrets/ca.pem", "./a", "../b/c"]) assert.equal(pathText(path), path);
  for (const text of ["hunter2", "//u:p@h", "/u:p@h", "a/b"]) assert.equal(pathText(text), "…");
});

const REDACTED: readonly (readonly [text: string, made: string])[] = [
  ["cannot reach mqtt://me:geheim@host:1883/x", "cannot reach mqtt://…@host:1883/x"],
  ["mqtt//me:ge@heim@host", "mqtt//…@host"],
  ["kafka://a:1,me:geheim@b:2 is away", "kafka://…@b:2 is away"],
  ["me:geheim@host and you:x@y", "…@host and …@y"],
  ["mqtt:me:geheim@host", "…@host"],
  ['{"url":"ws://me:g%40@h","mail":"a@b"}', '{"url":"ws://…@h","mail":"a@b"}'],
  [
    '{"time":"2026-11-27T13:14:15.000Z","by":"a@b"}',
    '{"time":"2026-11-27T13:14:15.000Z","by":"a@b"}',
  ],
  ["nothing at 13:14:15 here", "nothing at 13:14:15 here"],
];

for (const [text, made] of REDACTED) {
  Deno.test(`withoutCredentials() makes ${made}`, () => {
    assert.equal(withoutCredentials(text), made);
  });
}

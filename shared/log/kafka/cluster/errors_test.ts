import { NetworkError, ProtocolError, ResponseError } from "@platformatic/kafka";
import { AuthenticationError } from "@platformatic/kafka";
import assert from "node:assert/strict";
import { type ErrorCode, WattstreamError } from "../../../errors.ts";
import { explain, isAnswer, isFenced, isRetriable, isStaleGeneration } from "./errors.ts";

const action = { operation: "WRITE", resource: "topic power" };
const FETCH = 1;

function answer(...codes: string[]): ResponseError {
  const errors = codes.map((code, index) =>
    [`/${index}`, [new ProtocolError(code).apiCode, null]] as [string, [number, null]]
  );
  return new ResponseError(FETCH, 12, Object.fromEntries(errors), {});
}

const broken = new NetworkError("Connection closed");

function failedConnection(cause: Error): NetworkError {
  return new NetworkError("Connection to broker:9092 failed.", { cause });
}

const CASES: readonly [name: string, error: Error, code: ErrorCode, message: RegExp][] = [
  ["a missing right", answer("TOPIC_AUTHORIZATION_FAILED"), "auth", /Allow WRITE on topic power/],
  [
    "a wrong password",
    failedConnection(
      new AuthenticationError("failed", { cause: answer("SASL_AUTHENTICATION_FAILED") }),
    ),
    "auth",
    /--kafka-password/,
  ],
  [
    "a login cut off",
    failedConnection(new AuthenticationError("failed", { cause: broken })),
    "unavailable",
    /Connection closed/,
  ],
  [
    "an expired certificate",
    failedConnection(Object.assign(new Error("expired"), { code: "CERT_HAS_EXPIRED" })),
    "auth",
    /certificates/,
  ],
  ["a new owner", answer("INVALID_PRODUCER_EPOCH"), "fenced", /took over topic power/],
  ["a missing topic", answer("UNKNOWN_TOPIC_OR_PARTITION"), "unavailable", /Create topic power/],
  ["a record too large", answer("MESSAGE_TOO_LARGE"), "topic", /max\.message\.bytes/],
  ["an offset that is gone", answer("OFFSET_OUT_OF_RANGE"), "retention", /topic power/],
  [
    "a mishap within the broker",
    answer("UNKNOWN_SERVER_ERROR"),
    "unavailable",
    /Kafka does not answer .*UNKNOWN_SERVER_ERROR/,
  ],
  ["a broken connection", broken, "unavailable", /Kafka does not answer/],
  ["an answer nobody expects", answer("INVALID_REQUEST"), "topic", /INVALID_REQUEST/],
  ["a mistake of ours", new TypeError("x is undefined"), "invariant", /x is undefined/],
];

for (const [name, error, code, message] of CASES) {
  Deno.test(`explain() calls ${name} ${code}`, () => {
    const explained = explain(error, action);
    assert.equal(explained.code, code);
    assert.match(explained.message, message);
    assert.equal(explained.cause, error);
  });
}

Deno.test("explain() leaves our own errors alone", () => {
  const error = new WattstreamError("retention", "gone");
  assert.equal(explain(error, action), error);
});

Deno.test("isRetriable() takes answers only where all of them may pass", () => {
  assert.ok(isRetriable(answer("NOT_LEADER_OR_FOLLOWER", "REQUEST_TIMED_OUT")));
  assert.ok(!isRetriable(answer("NOT_LEADER_OR_FOLLOWER", "MESSAGE_TOO_LARGE")));
  assert.ok(isRetriable(broken));
  assert.ok(!isRetriable(new TypeError("ours")));
  assert.ok(!isRetriable(new WattstreamError("unavailable", "said already")));
});

Deno.test("isAnswer() tells answers from connections that broke", () => {
  assert.deepEqual([isAnswer(answer("NOT_COORDINATOR")), isAnswer(broken)], [true, false]);
});

Deno.test("isFenced() and isStaleGeneration() look below the surface", () => {
  const fenced = new Error("outer", { cause: answer("PRODUCER_FENCED") });
  assert.deepEqual([isFenced(fenced), isStaleGeneration(fenced)], [true, false]);
  const stale = explain(answer("ILLEGAL_GENERATION"), action);
  assert.deepEqual([isFenced(stale), isStaleGeneration(stale)], [false, true]);
});

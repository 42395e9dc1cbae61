/**
 * The intake's law: whatever the log does, however small the spool, and wherever the process is killed,
 * what was acknowledged is in the log in the end, each household's in order but for repetitions, and
 * each message is counted once. A broker, a log and a killer take random steps; what a SIGKILL leaves
 * is a copy of the spool's folder at that moment.
 */
import assert from "node:assert/strict";
import { setImmediate as turn } from "node:timers/promises";
import fc from "fast-check";
import { WattstreamError } from "../../shared/errors.ts";
import { eventually } from "../../shared/eventually.ts";
import type { Appender, NewRecord } from "../../shared/log/log.ts";
import type { AckStream } from "./held_ack.ts";
import type { IncomingMessage } from "./message_buffer.ts";
import { Spool } from "../../shared/spool/spool.ts";
import { consumptionOf, DEADLINE, message, start, Stream } from "./testing/intake_setup.ts";

const SCENARIOS = Number(Deno.env.get("WATTSTREAM_LAW_LOGS") ?? 150) / 2;
const SEED = Number(Deno.env.get("WATTSTREAM_LAW_SEED") ?? Date.now() % 1_000_000_000);
const HOUSEHOLDS = 3;
/** Unacknowledged messages that the broker sends ahead. */
const RECEIVE_MAXIMUM = 40;

/** What the log does with an append; `mute`: it takes the records, and its answer is lost. */
const LOG_STATES = ["there", "refusing", "hanging", "mute"] as const;
type LogState = typeof LOG_STATES[number];

type Step =
  /** The QoS of messages that are published. */
  | { readonly publish: readonly (0 | 1)[] }
  | { readonly log: LogState }
  | { readonly turns: number }
  | { readonly kill: true };

interface Scenario {
  readonly spoolBytes: number;
  readonly bufferMessages: number;
  readonly steps: readonly Step[];
}

const stepArbitrary: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      publish: fc.array(fc.constantFrom(0, 1), { maxLength: 60, size: "max" }),
    }),
  },
  { weight: 3, arbitrary: fc.record({ log: fc.constantFrom(...LOG_STATES) }) },
  { weight: 4, arbitrary: fc.record({ turns: fc.integer({ min: 1, max: 30 }) }) },
  { weight: 1, arbitrary: fc.record({ kill: fc.constant(true) }) },
) as fc.Arbitrary<Step>;

/** Half of them without a kill: only one whole life can be held to its counters. */
const scenarioArbitrary: fc.Arbitrary<Scenario> = fc.record({
  isKilled: fc.boolean(),
  spoolBytes: fc.constantFrom(500, 3000, 1e6),
  bufferMessages: fc.constantFrom(5, RECEIVE_MAXIMUM, 1000),
  steps: fc.array(stepArbitrary, { minLength: 3, maxLength: 30, size: "max" }),
}).map(({ isKilled, steps, ...rest }) => ({
  ...rest,
  steps: isKilled ? steps : steps.filter((step) => !("kill" in step)),
}));

/** The log that outlives the bridges. */
class FakeLog {
  readonly values: number[] = [];
  state: LogState = "there";
  #hanging: (() => void)[] = [];

  set(state: LogState): void {
    this.state = state;
    for (const answer of this.#hanging.splice(0)) answer();
  }

  /** Takes records, or not. */
  async append(records: readonly NewRecord[], isDead: () => boolean): Promise<void> {
    await turn();
    while (this.state === "hanging" && !isDead()) {
      await new Promise<void>((resolve) => this.#hanging.push(resolve));
    }
    const takes = !isDead() && (this.state === "there" || this.state === "mute");
    if (takes) this.values.push(...records.map(consumptionOf));
    if (!takes || this.state === "mute") throw new WattstreamError("unavailable", "away");
  }

  wake(): void {
    this.set(this.state);
  }
}

/** One life of the bridge. */
class Life {
  readonly stream = new Stream();
  readonly world: ReturnType<typeof start>;
  readonly spool: Spool;
  isDead = false;

  constructor(log: FakeLog, folder: string, { spoolBytes, bufferMessages }: Scenario) {
    const options = { folder, bytesMax: spoolBytes, nowMs: Date.now, onProblem: () => {} };
    this.spool = new Spool(options);
    const appender: Appender = {
      append: (records) => log.append(records, () => this.isDead),
      close: () => Promise.resolve(),
    };
    this.world = start({ spool: this.spool, bufferMessagesMax: bufferMessages, appender });
    // Of one that was killed, nobody hears.
    this.world.running.catch((error) => assert.ok(this.isDead, String(error)));
  }

  async end(): Promise<void> {
    this.stream.destroyed = true;
    this.world.giveUp.abort();
    this.world.intake.stop();
    await this.world.running.catch(() => {});
    await this.world.intake.close();
    await this.spool.close();
  }
}

/** A broker with one session: it sends in order, and again what was not acknowledged. */
class FakeBroker {
  readonly #queue: { readonly seq: number; readonly qos: 0 | 1 }[] = [];
  #unacknowledged: number[] = [];
  #resend: number[] = [];
  #ackCount = 0;
  #room: Promise<void> | undefined;
  publishedCount = 0;
  readonly qos1: number[] = [];
  readonly sent = new Set<number>();

  publish(qos: 0 | 1): void {
    const seq = this.publishedCount++;
    if (qos === 1) this.qos1.push(seq);
    this.#queue.push({ seq, qos });
  }

  get isIdle(): boolean {
    return this.#queue.length + this.#unacknowledged.length + this.#resend.length === 0;
  }

  /** The bridge is gone, and back: QoS 0 meanwhile is nobody's. */
  reconnect(): void {
    this.#resend = [...this.#unacknowledged, ...this.#resend];
    this.#unacknowledged = [];
    this.#ackCount = 0;
    this.#room = undefined;
  }

  /** Takes the acknowledgements and sends what may be sent. */
  deliver({ stream, world }: Life): void {
    const ids = stream.ids.slice(this.#ackCount);
    this.#ackCount += ids.length;
    const expected = this.#unacknowledged.splice(0, ids.length);
    assert.deepEqual(ids, expected, "acknowledged in the order of arrival, once each");
    while (this.#room === undefined && this.#unacknowledged.length < RECEIVE_MAXIMUM) {
      const again = this.#resend.shift();
      const next = again === undefined ? this.#queue.shift() : { seq: again, qos: 1 as const };
      if (next === undefined) return;
      this.sent.add(next.seq);
      if (next.qos === 1) this.#unacknowledged.push(next.seq);
      const ack = next.qos === 1 ? stream : undefined;
      const room = world.intake.offer(messageOf(next.seq, again !== undefined, ack));
      if (room === undefined) continue;
      this.#room = room;
      void room.then(() => {
        if (this.#room === room) this.#room = undefined;
      });
    }
  }
}

function householdOf(seq: number): number {
  return (seq * 7 + seq % 5) % HOUSEHOLDS;
}

function messageOf(seq: number, dup: boolean, stream: AckStream | undefined): IncomingMessage {
  const client_id = `flat-${householdOf(seq)}`;
  const content = { client_id, username: "anna", timestamp: 1, consumption: seq };
  return message(seq, {
    topic: `energy/anna/${client_id}/power`,
    payload: new TextEncoder().encode(JSON.stringify(content)),
    dup,
    ...(stream && { stream }),
  });
}

/** What a SIGKILL at this moment leaves of the spool. */
function snapshot(folder: string, to: string): void {
  Deno.mkdirSync(to);
  for (const { name } of Deno.readDirSync(folder)) {
    if (name !== "lock") Deno.copyFileSync(`${folder}/${name}`, `${to}/${name}`);
  }
}

async function play(scenario: Scenario, root: string): Promise<void> {
  const log = new FakeLog();
  const broker = new FakeBroker();
  let lives = 1;
  let life = new Life(log, `${root}/1`, scenario);
  const kill = async () => {
    snapshot(`${root}/${lives}`, `${root}/${lives + 1}`);
    const killed = life;
    killed.isDead = true;
    killed.stream.destroyed = true;
    lives++;
    life = new Life(log, `${root}/${lives}`, scenario);
    broker.reconnect();
    log.wake();
    await killed.end();
  };
  try {
    for (const step of scenario.steps) {
      if ("publish" in step) step.publish.forEach((qos) => broker.publish(qos));
      else if ("log" in step) log.set(step.log);
      else if ("turns" in step) {
        for (let count = 0; count < step.turns; count++) {
          broker.deliver(life);
          await turn();
        }
      } else await kill();
    }
    log.set("there");
    await eventually(() => {
      broker.deliver(life);
      assert.ok(broker.isIdle && life.spool.isEmpty && life.world.intake.pendingCount === 0);
    }, DEADLINE);
    await judge({ log, broker, life, isWhole: lives === 1 });
  } finally {
    life.isDead = true;
    await life.end();
  }
}

async function judge({ log, broker, life, isWhole }: {
  readonly log: FakeLog;
  readonly broker: FakeBroker;
  readonly life: Life;
  readonly isWhole: boolean;
}): Promise<void> {
  const first = [...new Set(log.values)];
  const held = new Set(first);
  assert.deepEqual(broker.qos1.filter((seq) => !held.has(seq)), [], "no QoS 1 is lost");
  for (let household = 0; household < HOUSEHOLDS; household++) {
    const theirs = first.filter((seq) => householdOf(seq) === household);
    assert.deepEqual(theirs, theirs.toSorted((a, b) => a - b), `flat-${household} is in order`);
  }
  if (!isWhole) return;
  const dropped = life.world.drops.reduce((sum, [, count]) => sum + count, 0);
  assert.equal(first.length + dropped, broker.sent.size, "what is not in the log is dropped");
  const { value } = life.world;
  const received = await value('wattstream_bridge_received_total{kind="power"}');
  const appended = await value('wattstream_bridge_appended_total{topic="power"}');
  assert.deepEqual([received, appended], [broker.sent.size, first.length], "counted once each");
}

Deno.test(`Intake loses nothing acknowledged, in order, wherever it is killed (seed ${SEED})`, async () => {
  const root = await Deno.makeTempDir();
  try {
    const scenarios = fc.sample(scenarioArbitrary, { numRuns: SCENARIOS, seed: SEED });
    // Side by side: most of the time they wait for the next attempt.
    const played = await Promise.allSettled(scenarios.map(async (scenario, index) => {
      const folder = `${root}/${index}`;
      await Deno.mkdir(folder);
      try {
        await play(scenario, folder);
      } catch (cause) {
        throw new Error(`scenario ${index}: ${fc.stringify(scenario)}`, { cause });
      }
    }));
    for (const result of played) if (result.status === "rejected") throw result.reason;
  } finally {
    await Deno.remove(root, { recursive: true });
  }
});

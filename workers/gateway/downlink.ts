/**
 * What the households of the file are told at the uplink broker, brought to the local one, and what
 * there is of them announced there to Home Assistant.
 *
 *   uplink ─ newest second, model ─▶ downlink ─▶ local broker: the same topics, homeassistant/…
 *
 * How many devices are announced is noted before they are, so that a later process takes back what has
 * gone: devices, households that are no longer in the file, or all of them.
 */
import type { MqttClient } from "mqtt";
import { z } from "zod";
import { Announcer } from "../../shared/answers/announcer.ts";
import { announcementsOf } from "../../shared/answers/home_assistant.ts";
import type { Publication, PublicationKind } from "../../shared/answers/publication.ts";
import type { HouseholdIdentity } from "../../shared/events.ts";
import { ANSWER_KINDS, type AnswerKind, answerTopic } from "../../shared/mqtt/topics.ts";
import { householdKey } from "../../shared/topics.ts";
import type { HouseholdSpec } from "./households/file.ts";

/** Longer ones are no answers. */
const ANSWER_BYTES_MAX = 256 * 1024;
/** Of all that an answer says, what is announced. */
const answerSchema = z.object({
  devices: z.array(z.object({ name: z.string() })).max(256),
});

/** Groups of the announcer. */
const HERE = 0;
const GONE = 1;

interface Answer {
  /** As it came; empty where there is none any more. */
  readonly payload: string;
  readonly names: readonly string[];
}

/** What has been heard of a household. */
interface Heard {
  readonly identity: HouseholdIdentity;
  readonly answers: Partial<Record<AnswerKind, Answer>>;
  readonly deviceCountMax: number;
}

export interface AnswerCounts {
  readonly onPublished: (kind: PublicationKind) => void;
  readonly onRefused: (topic: string, reason: string) => void;
  readonly onInvalid: (topic: string, problem: string) => void;
}

export interface DownlinkOptions extends AnswerCounts {
  /** By household, `username/client_id`: how many devices an earlier process has announced. */
  readonly announced: Readonly<Record<string, number>>;
  /** Is to remember it; undefined: nothing is announced any more. */
  readonly onAnnounced: (name: string, deviceCount: number | undefined) => void;
}

export class Downlink {
  readonly #options: DownlinkOptions;
  readonly #heard = new Map<string, Heard>();
  readonly #places = new Map<string, { readonly name: string; readonly kind: AnswerKind }>();
  readonly #noted: Map<string, number>;
  #announcer: Announcer<Heard> | undefined;

  /** @param specs the households whose answers are wanted. */
  constructor(specs: readonly HouseholdSpec[], options: DownlinkOptions) {
    this.#options = options;
    this.#noted = new Map(Object.entries(options.announced));
    for (const { entry: { user: username, client_id } } of specs) {
      const identity = { username, client_id };
      const name = householdKey(identity);
      const deviceCountMax = this.#noted.get(name) ?? 0;
      this.#heard.set(name, { identity, answers: {}, deviceCountMax });
      for (const kind of ANSWER_KINDS) {
        this.#places.set(answerTopic(identity, kind), { name, kind });
      }
    }
  }

  /** Where a user's households are told something. */
  topicsOf(user: string): string[] {
    return [...this.#places].filter(([, { name }]) =>
      this.#heard.get(name)!.identity.username === user
    ).map(([topic]) => topic);
  }

  /** @param client of the local broker, right after it was made. */
  open(client: MqttClient): void {
    const { onAnnounced, onPublished, onRefused } = this.#options;
    const announcer = new Announcer<Heard>(client, { publicationsOf, onPublished, onRefused });
    this.#announcer = announcer;
    const gone = [...this.#noted].filter(([name]) => !this.#heard.has(name));
    announcer.tell(GONE, gone.map(([name, count]) => [name, nothingOf(name, count)]));
    const heard = [...this.#heard].filter(([, { answers }]) => Object.keys(answers).length > 0);
    announcer.tell(HERE, heard);
    const settle = async () => {
      if (gone.length === 0 || !await announcer.drained(GONE)) return;
      announcer.forget(GONE);
      for (const [name] of gone.splice(0)) onAnnounced(name, undefined);
    };
    client.on("connect", () => void settle());
  }

  /** Takes a message of the uplink broker. */
  take(topic: string, payload: Uint8Array): void {
    const place = this.#places.get(topic);
    if (place === undefined) return;
    const answer = answerOf(payload);
    if (typeof answer === "string") {
      this.#options.onInvalid(topic, answer);
      return;
    }
    const { name, kind } = place;
    const before = this.#heard.get(name)!;
    // With each connection the broker repeats what it keeps: it is no younger for that.
    if (before.answers[kind]?.payload === answer.payload) return;
    const deviceCountMax = Math.max(before.deviceCountMax, answer.names.length);
    const heard = { ...before, answers: { ...before.answers, [kind]: answer }, deviceCountMax };
    this.#heard.set(name, heard);
    if (deviceCountMax !== this.#noted.get(name)) {
      this.#noted.set(name, deviceCountMax);
      this.#options.onAnnounced(name, deviceCountMax);
    }
    this.#announcer?.tell(HERE, [[name, heard]]);
  }
}

/** An answer, or why it is none. */
function answerOf(payload: Uint8Array): Answer | string {
  if (payload.length > ANSWER_BYTES_MAX) return `has ${payload.length} bytes`;
  const text = new TextDecoder().decode(payload);
  if (text === "") return { payload: text, names: [] };
  try {
    const { success, data, error } = answerSchema.safeParse(JSON.parse(text));
    if (!success) return z.prettifyError(error);
    return { payload: text, names: data.devices.map(({ name }) => name) };
  } catch (error) {
    if (error instanceof SyntaxError) return error.message;
    throw error;
  }
}

function publicationsOf(_: string, { identity, answers, deviceCountMax }: Heard): Publication[] {
  const { disaggregated, model } = answers;
  const names = (disaggregated?.names.length ? disaggregated : model)?.names ?? [];
  const told = ANSWER_KINDS.flatMap((kind) => {
    const answer = answers[kind];
    if (answer === undefined) return [];
    return [{ kind, topic: answerTopic(identity, kind), payload: answer.payload }];
  });
  const has = (answer: Answer | undefined) => answer && answer.payload !== "";
  const announced = { names, deviceCountMax, hasSecond: has(disaggregated), hasModel: has(model) };
  return [...told, ...announcementsOf(identity, announced)];
}

/** Of a household that is to be taken back. */
function nothingOf(name: string, deviceCountMax: number): Heard {
  const [username, client_id] = name.split("/") as [string, string];
  const nothing = { payload: "", names: [] };
  return {
    identity: { username, client_id },
    answers: { disaggregated: nothing, model: nothing },
    deviceCountMax,
  };
}

/**
 * Layouts of MQTT topics: how a topic carries its user, household and kind. The simulator formats
 * topics with one, the bridge subscribes and matches with it.
 *
 *   energy/{username}/{client_id}/{kind}   the default
 *   flat                                   the topics `power` and `device-state`, as the thesis had
 *   meters/{client_id}/{kind}              a pattern of one's own
 */
import { z } from "zod";
import { WattstreamError } from "../errors.ts";
import type { HouseholdIdentity } from "../events.ts";
import { DEVICE_STATE_TOPIC, HOUSEHOLD_TOPIC, POWER_TOPIC } from "../topics.ts";
import { quoted } from "../service/secrets.ts";

/** What a message is, named as the log topic that it goes to. */
export const MESSAGE_KINDS = [POWER_TOPIC, DEVICE_STATE_TOPIC, HOUSEHOLD_TOPIC] as const;
export type MessageKind = typeof MESSAGE_KINDS[number];

/** What households are told, as the last level of a topic. */
export const ANSWER_KINDS = ["disaggregated", "model"] as const;
export type AnswerKind = typeof ANSWER_KINDS[number];

/** Below it Home Assistant looks for what there is. */
export const DISCOVERY_PREFIX = "homeassistant";

export const DEFAULT_TOPIC_LAYOUT = "energy/{username}/{client_id}/{kind}";

/** What a topic says. A layout without user or household leaves them to the payload. */
export interface TopicMatch {
  readonly kind: MessageKind;
  readonly username?: string;
  readonly client_id?: string;
}

/** What a topic is made from. */
export interface TopicParts {
  readonly kind: MessageKind;
  readonly username: string;
  readonly client_id: string;
}

export interface TopicLayout {
  /** The layout as it was given. */
  readonly text: string;
  /**
   * The topic of a message.
   * @throws WattstreamError `config` when a name in it cannot be one level of a topic.
   */
  format(parts: TopicParts): string;
  /** A subscription to one kind, or to all where the layout allows it in one: `+` in their place. */
  filter(kind?: MessageKind): string;
  /** What a topic says, or undefined where it is not one of this layout. */
  match(topic: string): TopicMatch | undefined;
}

/** Whether there can be topics of a household: what came over MQTT has such names. */
export function hasTopics({ username, client_id }: HouseholdIdentity): boolean {
  return isTopicLevel(username) && isTopicLevel(client_id);
}

/** Where a household is told something, whatever the layout of what it publishes itself. */
export function answerTopic({ username, client_id }: HouseholdIdentity, kind: AnswerKind): string {
  return `energy/${username}/${client_id}/${kind}`;
}

/** Whether a topic is one on which a household is told something, or Home Assistant of it. */
export function isAnswerTopic(topic: string): boolean {
  if (topic.startsWith(`${DISCOVERY_PREFIX}/`)) return true;
  const [root, username, client_id, kind, ...rest] = topic.split("/");
  return root === "energy" && username !== undefined && client_id !== undefined &&
    ANSWER_KINDS.some((each) => each === kind) && rest.length === 0;
}

/** A layout, or why the text is none. */
export type ParsedLayout =
  | { readonly ok: true; readonly layout: TopicLayout }
  | { readonly ok: false; readonly error: string };

type Placeholder = keyof TopicParts;
type Level = { readonly literal: string } | { readonly placeholder: Placeholder };

const PLACEHOLDERS: readonly Placeholder[] = ["username", "client_id", "kind"];

/** Reads a layout: `flat`, or levels each of which is a literal or one whole placeholder. */
export function parseTopicLayout(text: string): ParsedLayout {
  const levels: Level[] = [];
  for (const part of (text === "flat" ? "{kind}" : text).split("/")) {
    const level = parseLevel(part);
    if (typeof level === "string") {
      return { ok: false, error: `${level}, in the topic layout ${quoted(text)}` };
    }
    levels.push(level);
  }
  for (const placeholder of PLACEHOLDERS) {
    const count = levels.filter((level) => isPlaceholder(level, placeholder)).length;
    if (count > 1) return { ok: false, error: `use {${placeholder}} once, in ${quoted(text)}` };
    if (count === 0 && placeholder === "kind") {
      return { ok: false, error: `add {kind} as a level of its own to ${quoted(text)}` };
    }
  }
  return { ok: true, layout: new LevelLayout(text, levels) };
}

/** The flag `--mqtt-topics`. */
export function topicLayoutFlag() {
  return z.string().transform((text, context) => {
    const parsed = parseTopicLayout(text);
    if (parsed.ok) return parsed.layout;
    context.addIssue({ code: "custom", message: parsed.error });
    return z.NEVER;
  });
}

function parseLevel(part: string): Level | string {
  const name = /^\{(.*)\}$/.exec(part)?.[1];
  const placeholder = PLACEHOLDERS.find((candidate) => candidate === name);
  if (placeholder !== undefined) return { placeholder };
  if (/[{}]/.test(part)) {
    return `expected {username}, {client_id} or {kind} as a whole level, got ${quoted(part)}`;
  }
  if (part === "") return "remove the empty level";
  if (/[+#\0]/.test(part)) return `remove the wildcard from ${quoted(part)}`;
  if (part.startsWith("$")) return `take a first letter other than $ for ${quoted(part)}`;
  return { literal: part };
}

function isPlaceholder(level: Level, placeholder: Placeholder): boolean {
  return "placeholder" in level && level.placeholder === placeholder;
}

class LevelLayout implements TopicLayout {
  readonly text: string;
  readonly #levels: readonly Level[];

  constructor(text: string, levels: readonly Level[]) {
    this.text = text;
    this.#levels = levels;
  }

  format(parts: TopicParts): string {
    return this.#levels.map((level) => {
      if ("literal" in level) return level.literal;
      const name = parts[level.placeholder];
      if (isTopicLevel(name)) return name;
      throw new WattstreamError(
        "config",
        `Take a ${level.placeholder} without / + # and not empty: "${name}" cannot be in a topic`,
      );
    }).join("/");
  }

  filter(kind?: MessageKind): string {
    return this.#levels.map((level) => {
      if ("literal" in level) return level.literal;
      return level.placeholder === "kind" && kind !== undefined ? kind : "+";
    }).join("/");
  }

  match(topic: string): TopicMatch | undefined {
    const parts = topic.split("/");
    if (parts.length !== this.#levels.length) return undefined;
    const found: Partial<Record<Placeholder, string>> = {};
    for (const [index, level] of this.#levels.entries()) {
      const part = parts[index]!;
      if ("placeholder" in level) {
        if (part === "") return undefined;
        found[level.placeholder] = part;
      } else if (part !== level.literal) {
        return undefined;
      }
    }
    const { kind, ...names } = found;
    return isMessageKind(kind) ? { kind, ...names } : undefined;
  }
}

function isMessageKind(text: string | undefined): text is MessageKind {
  return MESSAGE_KINDS.some((kind) => kind === text);
}

function isTopicLevel(name: string): boolean {
  return name !== "" && !/[/+#\0]/.test(name);
}

/** What `deno task dev` says, once each, of topics to which somebody publishes and that nobody reads. */
import { TopicMemory } from "../../shared/mqtt/topic_memory.ts";
import type { TopicLayout } from "../../shared/mqtt/topics.ts";
import { printableLine } from "../../shared/service/terminal.ts";
import type { View } from "./view.ts";

/** Topics with a line of their own; whoever makes up more of them is not told of each. */
const TOPICS_MAX = 20;
/** Characters of a topic in a line. */
const LENGTH_MAX = 200;

export class UnreadTopics {
  readonly #view: View;
  readonly #layout: TopicLayout;
  readonly #isRead = new TopicMemory((topic) => this.#layout.match(topic) !== undefined);
  readonly #said = new Set<string>();

  /** @param layout of the topics that the bridge reads. */
  constructor(view: View, layout: TopicLayout) {
    this.#view = view;
    this.#layout = layout;
  }

  /** Somebody has published to this topic. */
  see(topic: string): void {
    if (this.#isRead.lookUp(topic) || this.#said.has(topic)) return;
    if (this.#said.size >= TOPICS_MAX) return;
    this.#said.add(topic);
    const shown = printableLine(topic.slice(0, LENGTH_MAX));
    this.#view.line(
      `dev: nobody reads "${shown}", to which somebody publishes: expected ${this.#layout.text}; ` +
        "of meters with topics of their own: deno task gateway",
    );
  }
}

/** The runbook by its sections: what a person reads beside a thing that is not well. Pure. */
import text from "../../../deploy/RUNBOOK.md" with { type: "text" };

/** A section of the runbook, as it is: Markdown of paragraphs, with `code` and **bold**. */
export interface RunbookSection {
  readonly name: string;
  readonly paragraphs: readonly string[];
}

const SECTIONS: ReadonlyMap<string, RunbookSection> = new Map(
  text.split(/^## /m).slice(1).map((section) => {
    const [name, ...rest] = section.split("\n");
    const paragraphs = rest.join("\n").split(/\n{2,}/).map((each) => each.trim());
    return [name!, { name: name!, paragraphs: paragraphs.filter((each) => each !== "") }];
  }),
);

export function runbookSection(name: string): RunbookSection | undefined {
  return SECTIONS.get(name);
}

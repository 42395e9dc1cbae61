/** Reads a file in YAML, with the places of what it says. */
import { isMap, isPair, LineCounter, type Node, parseDocument } from "yaml";
import { Mistakes, type Path, type Place, type Written } from "./written.ts";

/** @throws WattstreamError `config` that lists where it is no YAML. */
export function readYaml(text: string): Written {
  const lines = new LineCounter();
  const document = parseDocument(text, {
    lineCounter: lines,
    prettyErrors: false,
    // A key that is no text is found to be none of ours: no word of the library's on stderr.
    logLevel: "error",
  });
  const mistakes = new Mistakes();
  const placeAt = (offset: number): Place => {
    const { line, col } = lines.linePos(offset);
    return { line, column: col };
  };
  for (const { pos, message } of document.errors) mistakes.add(placeAt(pos[0]), message);
  mistakes.throwAny();
  let value: unknown;
  try {
    value = document.toJS();
  } catch (error) {
    // Aliases that would blow it up, or that name nothing.
    if (!(error instanceof Error)) throw error;
    mistakes.add(placeAt(0), error.message);
    mistakes.throwAny();
  }
  return { value, placeOf: (path) => placeAt(offsetOf(document, path)) };
}

function offsetOf(document: ReturnType<typeof parseDocument>, path: Path): number {
  for (let length = path.length; length > 0; length--) {
    const parent = document.getIn(path.slice(0, length - 1), true) as Node | undefined;
    const key = path[length - 1];
    if (isMap(parent)) {
      const pair = parent.items.find((item) =>
        isPair(item) && String((item.key as { value?: unknown })?.value ?? item.key) === key
      );
      const range = (pair?.key as Node | undefined)?.range;
      if (range) return range[0];
    }
    const range = (document.getIn(path.slice(0, length), true) as Node | undefined)?.range;
    if (range) return range[0];
  }
  return document.contents?.range?.[0] ?? 0;
}

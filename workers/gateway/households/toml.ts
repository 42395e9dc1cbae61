/** Reads a file in TOML, with the places of what it says. */
import { type AST, getStaticTOMLValue, ParseError, parseTOML } from "toml-eslint-parser";
import { Mistakes, type Path, type Place, type Written } from "./written.ts";

/** @throws WattstreamError `config` that says where it is no TOML: its first mistake. */
export function readToml(text: string): Written {
  try {
    const program = parseTOML(text);
    const places = new Places();
    for (const node of program.body[0].body) {
      if (node.type === "TOMLKeyValue") places.addKeyValue(node, []);
      else places.addTable(node);
    }
    return { value: getStaticTOMLValue(program), placeOf: (path) => places.of(path) };
  } catch (error) {
    const mistakes = new Mistakes();
    if (error instanceof ParseError) {
      mistakes.add({ line: error.lineNumber, column: error.column + 1 }, error.message);
    } else if (error instanceof RangeError) {
      mistakes.add({ line: 1, column: 1 }, "it is nested too deeply");
    } else throw error;
    return mistakes.throwAny()!;
  }
}

/** Of each path the place where it comes first: a key's, or in a list a value's. */
class Places {
  readonly #places = new Map<string, Place>();

  of(path: Path): Place {
    for (let length = path.length; length > 0; length--) {
      const place = this.#places.get(JSON.stringify(path.slice(0, length)));
      if (place !== undefined) return place;
    }
    return { line: 1, column: 1 };
  }

  addTable({ key, resolvedKey, body }: AST.TOMLTable): void {
    for (let length = 1; length <= resolvedKey.length; length++) {
      this.#add(resolvedKey.slice(0, length), key);
    }
    for (const node of body) this.addKeyValue(node, resolvedKey);
  }

  addKeyValue({ key, value }: AST.TOMLKeyValue, base: Path): void {
    const path = [...base];
    for (const part of key.keys) {
      path.push(part.type === "TOMLBare" ? part.name : part.value);
      this.#add(path, part);
    }
    this.#addValue(value, path);
  }

  #addValue(value: AST.TOMLContentNode, path: Path): void {
    if (value.type === "TOMLInlineTable") {
      for (const node of value.body) this.addKeyValue(node, path);
    } else if (value.type === "TOMLArray") {
      for (const [index, element] of value.elements.entries()) {
        this.#add([...path, index], element);
        this.#addValue(element, [...path, index]);
      }
    }
  }

  #add(path: Path, { loc: { start } }: AST.TOMLNode): void {
    const key = JSON.stringify(path);
    if (!this.#places.has(key)) {
      this.#places.set(key, { line: start.line, column: start.column + 1 });
    }
  }
}

/** From a source in the file to rules: which topics it listens to, and what is read from each. */
import { type Bindings, compileExpression, type Expression } from "./expression.ts";
import {
  type Clock,
  type Parameter,
  PARAMETERS,
  type Preset,
  type PresetMessage,
  PRESETS,
} from "./presets.ts";
import type { DeviceEntry, PowerSource } from "./schema.ts";

/** What is read from the messages of one topic. */
export interface Rule {
  readonly topic: string;
  readonly watts?: Expression;
  readonly on?: Expression;
  readonly online?: Expression;
  readonly time?: Expression;
  /** From the unit and the sign of the source to W, or Wh where it counts. */
  readonly factor: number;
  /** Which of the parts that are to be added. */
  readonly part: number;
}

export interface Source {
  readonly rules: readonly Rule[];
  readonly partCount: number;
  readonly withinMs: number;
  readonly isCounter: boolean;
  readonly clock: Clock;
  readonly saysChanges: boolean;
  readonly hasWatts: boolean;
}

/** What is wrong with a source, and at which of its keys. */
export interface SourceProblem {
  readonly path: readonly (string | number)[];
  readonly message: string;
}

const FACTORS = { W: 1, kW: 1000, Wh: 1, kWh: 1000 } as const;
type Unit = keyof typeof FACTORS;

class Compiler {
  readonly problems: SourceProblem[] = [];
  expression(
    text: string | undefined,
    path: readonly (string | number)[],
    bindings: Bindings = {},
  ): Expression | undefined {
    if (text === undefined) return undefined;
    const compiled = compileExpression(text, bindings);
    if ("evaluate" in compiled) return compiled;
    this.problems.push({ path, message: `this is no JSONata expression: ${compiled.error}` });
    return undefined;
  }

  rule(
    message: Omit<PresetMessage, "sign">,
    { factor, path, bindings }: {
      readonly factor: number;
      readonly path: readonly (string | number)[];
      readonly bindings?: Bindings;
    },
  ): Rule {
    const read = (key: "watts" | "on" | "online" | "time") => {
      const expression = this.expression(message[key], [...path, key], bindings);
      return expression && { [key]: expression };
    };
    return {
      topic: message.topic,
      ...read("watts"),
      ...read("on"),
      ...read("online"),
      ...read("time"),
      factor,
      part: message.part ?? 0,
    };
  }

  /** The rules of a preset, with its parameters in place. */
  preset(
    preset: Preset,
    entry: { readonly topic: string } & Readonly<Partial<Record<Parameter, string | undefined>>>,
    factor: number,
  ): Rule[] {
    const bindings: Record<string, string> = { topic: entry.topic };
    const known = preset.parameters ?? {};
    for (const name of PARAMETERS) {
      const value = entry[name] ?? known[name];
      if (entry[name] !== undefined && !(name in known)) {
        this.problems.push({ path: [name], message: "this preset does not take it" });
      } else if (value !== undefined) {
        bindings[name] = value;
        const isInTopic = preset.messages.some(({ topic }) => topic.includes(`{${name}}`));
        if (isInTopic && /[+#\0]/.test(value)) {
          this.problems.push({ path: [name], message: "expected one for a topic, without + #" });
        }
      } else if (name in known) this.problems.push({ path: [], message: `expected ${name}` });
    }
    return preset.messages.map((message) => {
      const topic = message.topic.replace(/\{(\w+)\}/g, (_all, name) => bindings[name] ?? "");
      const signed = factor * (message.sign ?? 1);
      return this.rule({ ...message, topic }, { factor: signed, path: [], bindings });
    });
  }
}

/** Compiles what a household's power is read from. */
export function powerSource(
  source: PowerSource,
): { readonly source: Source; readonly problems: readonly SourceProblem[] } {
  const compiler = new Compiler();
  const preset = "preset" in source ? PRESETS[source.preset]! : undefined;
  const unit: Unit = source.unit ?? preset?.unit ?? "W";
  const factor = FACTORS[unit] * source.sign;
  const rules = "preset" in source
    ? compiler.preset(preset!, source, factor)
    : "parts" in source
    ? source.parts.map((part, index) =>
      compiler.rule({ ...part, part: index } as PresetMessage, {
        factor: factor * part.sign,
        path: ["parts", index],
      })
    )
    : [compiler.rule(source as PresetMessage, { factor, path: [] })];
  const read = rules.filter(({ watts }) => watts !== undefined);
  if (read.length === 0 && compiler.problems.length === 0) {
    compiler.problems.push({ path: ["preset"], message: "this preset has no power" });
  }
  return {
    source: {
      rules: read,
      partCount: new Set(read.map(({ part }) => part)).size,
      withinMs: "within" in source ? source.within : 0,
      isCounter: unit.endsWith("h"),
      clock: source.clock ?? preset?.clock ?? "none",
      saysChanges: false,
      hasWatts: true,
    },
    problems: compiler.problems,
  };
}

/** Compiles what a device's state is read from. */
export function deviceSource(
  source: DeviceEntry,
): { readonly source: Source; readonly problems: readonly SourceProblem[] } {
  const compiler = new Compiler();
  const preset = "preset" in source ? PRESETS[source.preset]! : undefined;
  const unit: Unit = source.unit ?? preset?.unit ?? "W";
  if (unit.endsWith("h")) {
    compiler.problems.push({ path: ["unit"], message: "expected W or kW for a device" });
  }
  const rules = "preset" in source
    ? compiler.preset(preset!, source, FACTORS[unit])
    : [compiler.rule(source as PresetMessage, { factor: FACTORS[unit], path: [] })];
  if (rules.some(({ part }) => part > 0)) {
    compiler.problems.push({
      path: ["preset"],
      message: "this preset is of a meter, not a device",
    });
  }
  const hasWatts = rules.some(({ watts }) => watts !== undefined);
  if (source.by === "watts" && !hasWatts) {
    compiler.problems.push({ path: ["by"], message: "it has no watts: expected switch" });
  }
  if (source.by === "switch" && !rules.some(({ on }) => on !== undefined)) {
    compiler.problems.push({ path: ["by"], message: "it has no switch: expected watts" });
  }
  return {
    source: {
      rules,
      partCount: 1,
      withinMs: 0,
      isCounter: false,
      clock: preset?.clock ?? "none",
      saysChanges: preset?.saysChanges ?? false,
      hasWatts,
    },
    problems: compiler.problems,
  };
}

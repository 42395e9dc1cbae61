/** What `--help` says of a program: how it is called, and its flags. Pure. */
import { describeOptions, type OptionDescription, type ProgramDescription } from "./config.ts";

/** How a program is called: as a task of a working copy, or, of a binary, by what comes after its name. */
export function callOf(name: string): string {
  return Deno.build.standalone ? name : `deno task ${name}`;
}

/** The `--help` text of a program. */
export function helpText(program: ProgramDescription): string {
  const { name, summary, usage, config } = program;
  const options = describeOptions(config);
  const rows = options.map((option) => {
    const byDefault = option.isSwitch || option.defaultText === undefined
      ? ""
      : ` (default: ${option.defaultText})`;
    return [leftOf(option), `${option.description}${byDefault}`];
  });
  const width = Math.max(...rows.map(([left]) => left!.length));
  const required = options.filter(({ isRequired }) => isRequired).map(leftOf);
  // One that shows what becomes of a dash, where there is one.
  const example = program.takesNoVariables === true
    ? undefined
    : options.find(({ flag }) => /\w-/.test(flag)) ?? options[0];
  return [
    `${name}: ${summary}`,
    "",
    `Usage: ${callOf(name)} ${usage ?? [...required, "[flags]"].join(" ")}`,
    "",
    ...rows.map(([left, right]) => `  ${left!.padEnd(width)}  ${right}`),
    "",
    ...(example === undefined
      ? []
      : [`Each flag can also be given as a variable: ${example.flag} as ${example.variable}.`]),
    ...(program.notes ?? []),
    "--version says which version this is.",
  ].join("\n");
}

function leftOf({ flag, isList, isSwitch }: OptionDescription): string {
  return `${flag}${isList ? " VALUE…" : isSwitch ? "" : " VALUE"}`;
}

/**
 * No secret is ever printed: planted in each flag, variable and file of each program, under each
 * mistake that one makes with a URL, and looked for in all that comes out. Flags are taken from the
 * programs' schemas, so that a new one is tried too.
 */
import assert from "node:assert/strict";
import { readdir } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { z } from "zod";
import { hasCode } from "../../shared/errors.ts";
import {
  describeOptions,
  type OptionDescription,
  parseConfig,
} from "../../shared/service/config.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const SECRET = "Pl4nted-S3cret";
/** As it stands in a URL. */
const ENCODED = "Pl4nted%2DS3cret";

const PLANTS: readonly string[] = [
  `mqtt://user:${SECRET}@host:x`,
  `mqtt://:${SECRET}@host:99999`,
  `http://user:${SECRET}@host`,
  `mqtt//user:${SECRET}@host`,
  `mqtt:user:${SECRET}@host`,
  `user:${SECRET}@host`,
  `kafka://user:${SECRET}@host:9092`,
  `kafka://host:9092?password=${SECRET}`,
  `sqlite://user:${ENCODED}@host/log.db`,
  `mqtt://us/er:${SECRET}@host`,
  `mqtt://user:12?${SECRET}@host`,
  `mqtts://user:${ENCODED}@`,
  SECRET,
];

function assertSilent(text: string, where: string): void {
  for (const part of ["Pl4nted", "S3cret"]) {
    assert.ok(!text.includes(part), `${where} prints the secret:\n${text}`);
  }
}

type Schema = z.ZodObject<Record<string, z.ZodType>>;

/** Every schema of a program that a config.ts exports, by file and name. */
async function schemas(): Promise<[name: string, schema: Schema][]> {
  const found: [string, Schema][] = [];
  for (const room of ["workers", "scripts"]) {
    for (const folder of await readdir(`${ROOT}${room}`)) {
      const path = `${ROOT}${room}/${folder}/config.ts`;
      if (!await Deno.stat(path).then(() => true, () => false)) continue;
      for (const [name, value] of Object.entries(await import(`file://${path}`))) {
        if (value instanceof z.ZodObject) {
          found.push([`${room}/${folder} ${name}`, value as Schema]);
        }
      }
    }
  }
  return found;
}

/** The problems of this configuration, or none. */
function problemsOf(schema: Schema, args: readonly string[], variables: Record<string, string>) {
  try {
    parseConfig(schema, { args, env: (name) => variables[name] });
    return "";
  } catch (error) {
    assert.ok(hasCode(error, "config"), String(error));
    return error.message;
  }
}

const PROGRAMS = await schemas();

Deno.test("the schemas of all programs are found", () => {
  const names = PROGRAMS.map(([name]) => name);
  for (
    const name of [
      "bridge",
      "predictions",
      "training",
      "simulator",
      "gateway",
      "dev",
      "topics",
      "services",
    ]
  ) {
    assert.ok(names.some((each) => each.includes(`/${name} `)), `${name} is not among ${names}`);
  }
});

for (const [name, schema] of PROGRAMS) {
  Deno.test(`no problem of ${name} repeats a secret`, () => {
    const flagsOf = (options: readonly OptionDescription[], secret: string) =>
      options.flatMap(({ flag }) => [flag, secret]);
    const plant = (options: readonly OptionDescription[], secret: string) => {
      const flags = flagsOf(options, secret);
      const variables = Object.fromEntries(options.map(({ variable }) => [variable, secret]));
      for (
        const args of [
          ...[flags, options.map(({ flag }) => `${flag}=${secret}`), [...flags, secret]],
          // Misspelt: without a blank, with a letter more, with a short flag.
          options.map(({ flag }) => `${flag}${secret}`),
          options.flatMap(({ flag }) => [`${flag}x`, secret]),
          options.map(({ flag }) => `${flag}x=${secret}`),
          ["-p", secret, `-p${secret}`, secret],
        ]
      ) assertSilent(problemsOf(schema, args, {}), `${name} ${args[0]}`);
      assertSilent(problemsOf(schema, [], variables), `${name} by variables`);
    };
    const options = describeOptions(schema);
    for (const secret of PLANTS) {
      plant(options, secret);
      // Alone too: rules between flags look only at what is right by itself.
      for (const option of options) {
        assertSilent(problemsOf(schema, flagsOf([option], secret), {}), `${name} ${option.flag}`);
      }
    }
  });
}

/** All that a program prints with these arguments and variables; it ends by itself. */
async function outputOf(
  script: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<{ readonly code: number; readonly text: string }> {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--quiet", `${ROOT}${script}`, ...args],
    env: { ...env, NO_COLOR: "1" },
  }).output();
  return {
    code,
    text: [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes)).join("\n"),
  };
}

const SCRIPTS: readonly (readonly [script: string, ...command: string[]])[] = [
  ...["bridge", "predictions", "training", "simulator", "gateway"].map((
    name,
  ) => [`workers/${name}/main.ts`]),
  ...["dev", "soak"].map((name) => [`scripts/${name}.ts`]),
  ...["create", "list", "read"].map((command) => ["scripts/topics.ts", command]),
  ...["list", "show", "replay"].map((command) => ["scripts/dead_letters.ts", command]),
  ...["list", "show", "export"].map((command) => ["scripts/datasets.ts", command]),
  ...["up", "down", "status"].map((command) => ["scripts/services.ts", command]),
] as [string, ...string[]][];

Deno.test("no program prints a secret that was given to it by mistake", async () => {
  for (const [index, [script, ...command]] of SCRIPTS.entries()) {
    const secret = PLANTS[index % PLANTS.length]!;
    const args = [...command, "--mqtt", secret, "--log", secret, secret, `--what=${secret}`];
    const { code, text } = await outputOf(script, args, { WATTSTREAM_KAFKA_MECHANISM: secret });
    assert.equal(code, 2, text);
    assertSilent(text, `${script} ${command}`);
  }
});

Deno.test("no command prints a secret that stands in its place or in that of its arguments", async () => {
  for (const secret of [PLANTS[0]!, PLANTS[3]!, SECRET]) {
    for (
      const args of [
        ...[[secret], ["read", secret], ["read", secret, secret]],
        ["read", secret, "--log", "sqlite:/nowhere/log.db"],
        ["list", "--log", `sqlite:${secret}`],
        ["list", "--data", `x//user:${SECRET}@host`],
      ]
    ) {
      // A file's own name is no secret.
      if (args[2] === `sqlite:${SECRET}`) continue;
      const { code, text } = await outputOf("scripts/topics.ts", args);
      assert.equal(code, 2, text);
      assertSilent(text, args.join(" "));
    }
  }
});

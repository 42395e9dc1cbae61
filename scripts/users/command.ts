/** The commands of `deno task users`: who may publish, at Mosquitto or EMQX. */
import { messageOf, WattstreamError } from "../../shared/errors.ts";
import { command, runCommand } from "../../shared/service/commands.ts";
import type { ConfigSource } from "../../shared/service/config.ts";
import { print, printError } from "../../shared/service/terminal.ts";
import { passwordConfig, type StoreConfig, storeConfig } from "./config.ts";
import { EmqxApi } from "./emqx_api.ts";
import { MosquittoFile } from "./mosquitto_file.ts";
import { assertName, newPassword, type UserStore } from "./user_store.ts";

const PASSWORD_LENGTH_MIN = 8;

/** Runs one command and returns the exit code: 0 done, 1 failed, 2 bad usage. */
export function runUsers(source: ConfigSource): Promise<number> {
  return runCommand({
    name: "users",
    summary: "who may publish, at Mosquitto or EMQX",
    notes: "A user publishes below energy/<their name>/. Passwords are made and printed once, " +
      "or read with --password-stdin: they are in no argument and no log.",
    commands: { add, passwd, remove, list },
  }, source);
}

const add = command({
  summary: "a new user; prints the password that it makes",
  positionals: ["NAME"],
  config: passwordConfig,
  async run(config, name) {
    assertName(name!);
    const store = await openStore(config);
    const password = await choosePassword(config.passwordStdin);
    await store.add(name!, password.text);
    if (password.isNew) print(password.text);
    sayWhatIsNext(config);
  },
});

const passwd = command({
  summary: "another password for a user; prints the one that it makes",
  positionals: ["NAME"],
  config: passwordConfig,
  async run(config, name) {
    const store = await openStore(config);
    const password = await choosePassword(config.passwordStdin);
    await store.setPassword(name!, password.text);
    if (password.isNew) print(password.text);
    sayWhatIsNext(config);
  },
});

const remove = command({
  summary: "removes a user",
  positionals: ["NAME"],
  config: storeConfig,
  async run(config, name) {
    await (await openStore(config)).remove(name!);
    sayWhatIsNext(config);
  },
});

const list = command({
  summary: "the users, a name a line",
  config: storeConfig,
  async run(config) {
    for (const name of await (await openStore(config)).list()) print(name);
  },
});

async function openStore({ passwords, emqx, emqxKeyFile }: StoreConfig): Promise<UserStore> {
  if (passwords !== undefined) return new MosquittoFile(passwords);
  try {
    return new EmqxApi(emqx!, (await Deno.readTextFile(emqxKeyFile!)).trim());
  } catch (cause) {
    const message = `Give --emqx-key-file a readable file: ${messageOf(cause)}`;
    throw new WattstreamError("config", message, { cause });
  }
}

async function choosePassword(fromStdin: boolean) {
  if (!fromStdin) return { text: newPassword(), isNew: true };
  const text = (await new Response(Deno.stdin.readable).text()).replace(/\r?\n$/, "");
  if (text.length >= PASSWORD_LENGTH_MIN) return { text, isNew: false };
  const wanted = `a password of at least ${PASSWORD_LENGTH_MIN} characters`;
  throw new WattstreamError("config", `Give ${wanted} on standard input, got ${text.length}`);
}

function sayWhatIsNext({ passwords }: StoreConfig): void {
  if (passwords !== undefined) printError("Mosquitto reads the file again at SIGHUP.");
}

/**
 * Mosquitto's password file: `name:$7$iterations$salt$hash` a line, the hash by PBKDF2 with SHA-512.
 * Mosquitto reads it again at SIGHUP.
 */
import { Buffer } from "node:buffer";
import { pbkdf2 as pbkdf2Callback, randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { dirname } from "node:path";
import { promisify } from "node:util";
import { WattstreamError } from "../../shared/errors.ts";
import { whyUnreadable } from "../../shared/service/secrets.ts";
import { withFileLock } from "../../shared/services/file_lock.ts";
import { isMissing, isThere, type UserStore } from "./user_store.ts";

const pbkdf2 = promisify(pbkdf2Callback);
/** As many as take a broker some milliseconds a connection; mosquitto_passwd's own default is 101. */
const ITERATIONS = 10_000;
const SALT_BYTES = 12;
const HASH_BYTES = 64;

export class MosquittoFile implements UserStore {
  readonly #path: string;

  /** @param path Made by the first user where it is not there. */
  constructor(path: string) {
    this.#path = path;
  }

  /** @throws WattstreamError `config` where there is no such file. */
  async list(): Promise<string[]> {
    const users = await this.#read();
    if (users === undefined) throw notUsable("there is no such file");
    return [...users.keys()];
  }

  async add(name: string, password: string): Promise<void> {
    const hash = await hashed(password);
    await this.#change((users) => {
      if (users.has(name)) throw isThere(name);
      users.set(name, hash);
    });
  }

  async setPassword(name: string, password: string): Promise<void> {
    const hash = await hashed(password);
    await this.#change((users) => {
      if (!users.has(name)) throw isMissing(name);
      users.set(name, hash);
    });
  }

  async remove(name: string): Promise<void> {
    await this.#change((users) => {
      if (!users.delete(name)) throw isMissing(name);
    });
  }

  /** Changes the file whole, or not at all; nobody else does so meanwhile. */
  async #change(change: (users: Map<string, string>) => void): Promise<void> {
    if (!existsSync(dirname(this.#path))) throw notUsable("there is no such folder");
    await withFileLock(`${this.#path}.lock`, async () => {
      const users = await this.#read() ?? new Map<string, string>();
      change(users);
      const text = [...users].map(([name, hash]) => `${name}:${hash}\n`).join("");
      const next = `${this.#path}.new`;
      await Deno.writeTextFile(next, text, { mode: 0o600 });
      await this.#keepOwner(next);
      await Deno.rename(next, this.#path);
    });
  }

  /** The broker must still be able to read it. */
  async #keepOwner(next: string): Promise<void> {
    try {
      const { uid, gid, mode } = await Deno.stat(this.#path);
      if (uid !== Deno.uid() || gid !== Deno.gid()) await Deno.chown(next, uid, gid);
      await Deno.chmod(next, mode! & 0o777);
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
  }

  /** Undefined where there is no file. */
  async #read(): Promise<Map<string, string> | undefined> {
    let text: string;
    try {
      text = await Deno.readTextFile(this.#path);
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return undefined;
      throw notUsable(whyUnreadable(error));
    }
    const users = new Map<string, string>();
    for (const [index, line] of text.split("\n").entries()) {
      if (line === "") continue;
      const end = line.indexOf(":");
      // What is rewritten must not be another kind of file.
      if (end <= 0) throw notUsable(`line ${index + 1} is no NAME:HASH`);
      users.set(line.slice(0, end), line.slice(end + 1));
    }
    return users;
  }
}

function notUsable(why: string): WattstreamError {
  return new WattstreamError("config", `Name Mosquitto's password file with --passwords: ${why}`);
}

async function hashed(password: string): Promise<string> {
  const salt = randomBytes(SALT_BYTES);
  const hash = await pbkdf2(password, salt, ITERATIONS, HASH_BYTES, "sha512");
  const [saltText, hashText] = [salt, hash].map((bytes) => Buffer.from(bytes).toString("base64"));
  return `$7$${ITERATIONS}$${saltText}$${hashText}`;
}

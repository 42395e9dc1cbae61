/**
 * Mosquitto's password file: `name:$7$iterations$salt$hash` a line, the hash by PBKDF2 with SHA-512.
 * Mosquitto reads it again at SIGHUP.
 */
import { Buffer } from "node:buffer";
import { pbkdf2 as pbkdf2Callback, randomBytes } from "node:crypto";
import { promisify } from "node:util";
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

  async list(): Promise<string[]> {
    return [...(await this.#read()).keys()];
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
    await withFileLock(`${this.#path}.lock`, async () => {
      const users = await this.#read();
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

  async #read(): Promise<Map<string, string>> {
    let text = "";
    try {
      text = await Deno.readTextFile(this.#path);
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
    const lines = text.split("\n").filter((line) => line !== "");
    return new Map(lines.map((line) => {
      const end = line.indexOf(":");
      return [line.slice(0, end), line.slice(end + 1)];
    }));
  }
}

async function hashed(password: string): Promise<string> {
  const salt = randomBytes(SALT_BYTES);
  const hash = await pbkdf2(password, salt, ITERATIONS, HASH_BYTES, "sha512");
  const [saltText, hashText] = [salt, hash].map((bytes) => Buffer.from(bytes).toString("base64"));
  return `$7$${ITERATIONS}$${saltText}$${hashText}`;
}

/** Where the users of a broker are kept: the door to it, and what a name and a password may be. */
import { WattstreamError } from "../../shared/errors.ts";

export interface UserStore {
  /** Names, in order. */
  list(): Promise<string[]>;
  /** @throws WattstreamError `config` where the name is there already. */
  add(name: string, password: string): Promise<void>;
  /** @throws WattstreamError `config` where there is no such name. */
  setPassword(name: string, password: string): Promise<void>;
  /** @throws WattstreamError `config` where there is no such name. */
  remove(name: string): Promise<void>;
}

const NAME_LENGTH_MAX = 128;
const PASSWORD_BYTES = 18;

/**
 * A user's name is a level of MQTT topics, and a field of Mosquitto's file.
 * @throws WattstreamError `config` where it cannot be one.
 */
export function assertName(name: string): void {
  if (/^[^/+#:\s\p{Cc}]+$/u.test(name) && name.length <= NAME_LENGTH_MAX) return;
  throw new WattstreamError(
    "config",
    `Give a name of at most ${NAME_LENGTH_MAX} characters without / + # : and spaces`,
  );
}

/** A password that nobody guesses: 144 random bits. */
export function newPassword(): string {
  return crypto.getRandomValues(new Uint8Array(PASSWORD_BYTES)).toBase64({ alphabet: "base64url" });
}

export const isThere = (name: string) =>
  new WattstreamError("config", `Use passwd to change the password: ${name} is there already`);

export const isMissing = (name: string) =>
  new WattstreamError("config", `Name a user that is there: ${name} is not`);

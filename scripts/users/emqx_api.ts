/** Users in EMQX's built-in database, through its REST API (version 5). */
import { Buffer } from "node:buffer";
import { z } from "zod";
import { messageOf, WattstreamError } from "../../shared/errors.ts";
import { isMissing, isThere, type UserStore } from "./user_store.ts";

const USERS = "/api/v5/authentication/password_based%3Abuilt_in_database/users";
const PAGE_SIZE = 1000;
const ANSWER_MS_MAX = 10_000;

const pageSchema = z.object({
  data: z.array(z.object({ user_id: z.string() })),
  meta: z.object({ hasnext: z.boolean().optional() }).optional(),
});

export class EmqxApi implements UserStore {
  readonly #url: string;
  readonly #authorization: string;

  /** @param credentials The API key and its secret, `key:secret`. */
  constructor(url: string, credentials: string) {
    this.#url = url.replace(/\/+$/, "");
    this.#authorization = `Basic ${Buffer.from(credentials).toString("base64")}`;
  }

  async list(): Promise<string[]> {
    const names: string[] = [];
    for (let page = 1;; page++) {
      const response = await this.#ask("GET", `?page=${page}&limit=${PAGE_SIZE}`);
      const { data, meta } = pageSchema.parse(await response.json());
      for (const { user_id } of data) names.push(user_id);
      if (meta?.hasnext !== true) return names.sort();
    }
  }

  async add(name: string, password: string): Promise<void> {
    const body = { user_id: name, password, is_superuser: false };
    await this.#change(name, "POST", "", body);
  }

  async setPassword(name: string, password: string): Promise<void> {
    await this.#change(name, "PUT", `/${encodeURIComponent(name)}`, { password });
  }

  async remove(name: string): Promise<void> {
    await this.#change(name, "DELETE", `/${encodeURIComponent(name)}`);
  }

  async #change(name: string, method: string, path: string, body?: unknown): Promise<void> {
    const response = await this.#ask(method, path, body, [404, 409]);
    await response.body?.cancel();
    if (response.status === 404) throw isMissing(name);
    if (response.status === 409) throw isThere(name);
  }

  async #ask(
    method: string,
    path: string,
    body?: unknown,
    expected: readonly number[] = [],
  ): Promise<Response> {
    let response: Response;
    try {
      response = await fetch(`${this.#url}${USERS}${path}`, {
        method,
        headers: {
          authorization: this.#authorization,
          ...(body !== undefined && { "content-type": "application/json" }),
        },
        ...(body !== undefined && { body: JSON.stringify(body) }),
        signal: AbortSignal.timeout(ANSWER_MS_MAX),
      });
    } catch (cause) {
      const message = `Correct --emqx or start it: ${this.#url} does not answer: ${
        messageOf(cause)
      }`;
      throw new WattstreamError("unavailable", message, { cause });
    }
    if (response.ok || expected.includes(response.status)) return response;
    const said = (await response.text()).slice(0, 200);
    if (response.status === 401) {
      throw new WattstreamError("auth", `Correct the key in --emqx-key-file: EMQX refuses it`);
    }
    throw new WattstreamError("unavailable", `EMQX answers ${response.status}: ${said}`);
  }
}

/** Says to a broker who we are (SASL). */
import {
  AuthenticationError,
  type Connection,
  saslAuthenticateV2,
  saslHandshakeV1,
  saslPlain,
  saslScramSha,
} from "@platformatic/kafka";

/** A user and how to prove to be it. */
export interface Login {
  readonly mechanism: "PLAIN" | "SCRAM-SHA-256" | "SCRAM-SHA-512";
  readonly username: string;
  readonly password: string;
}

/**
 * Returns for how long the broker takes requests then, ms; 0 for as long as the connection lasts.
 * @throws the client's errors.
 */
export async function logIn(
  connection: Connection,
  { mechanism, username, password }: Login,
): Promise<number> {
  await saslHandshakeV1.api.async(connection, mechanism).catch((cause) => {
    throw new AuthenticationError("The broker does not offer the SASL mechanism", { cause });
  });
  const { api } = saslAuthenticateV2;
  const { sessionLifetimeMs } = mechanism === "PLAIN"
    ? await saslPlain.authenticate(api, connection, username, password)
    : await saslScramSha.authenticate(
      api,
      connection,
      mechanism === "SCRAM-SHA-256" ? "SHA-256" : "SHA-512",
      username,
      password,
    );
  return Number(sessionLifetimeMs);
}

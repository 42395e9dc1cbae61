/** How many messages come on the bridge's subscription, and what the broker says that it is. */
import { setTimeout as delay } from "node:timers/promises";
import { messageOf, WattstreamError } from "../../../shared/errors.ts";
import { newClientId } from "../client_id.ts";
import { type BrokerIdentity, IDENTITY_FILTERS, identityOf } from "./broker_kind.ts";
import { type CheckBroker, connectForCheck } from "./connection.ts";

/** Long enough for a reading a second of each household. */
const LISTEN_MS = 5000;

export interface MessageRate {
  readonly perS: number;
  readonly listenedS: number;
  readonly identity: BrokerIdentity | undefined;
}

/**
 * Listens for some seconds.
 * @param filters of plain subscriptions: one of a group would take messages from its bridges.
 * @throws WattstreamError `auth` where we may not listen, or a code of `connectForCheck`.
 */
export async function measureRate(
  broker: CheckBroker,
  filters: readonly string[],
): Promise<MessageRate> {
  const [perS, identity] = await Promise.all([listen(broker, filters), identify(broker)]);
  return { perS, listenedS: LISTEN_MS / 1000, identity };
}

async function listen(broker: CheckBroker, filters: readonly string[]): Promise<number> {
  let count = 0;
  const session = { clientId: newClientId(), clean: true };
  const { client, close } = await connectForCheck(broker, session, ({ retain }) => {
    if (!retain) count++;
    return true;
  });
  try {
    await client.subscribeAsync([...filters], { qos: 0 }).catch((error) => {
      throw new WattstreamError(
        "auth",
        `Let this user of the broker subscribe to ${filters.join(", ")}: ${messageOf(error)}`,
      );
    });
    const startedMs = performance.now();
    count = 0;
    await delay(LISTEN_MS);
    return count / (performance.now() - startedMs) * 1000;
  } finally {
    await close();
  }
}

/** On a connection of its own, since some brokers hang up where they are asked too much. */
async function identify(broker: CheckBroker): Promise<BrokerIdentity | undefined> {
  let identity: BrokerIdentity | undefined;
  const session = { clientId: newClientId(), clean: true };
  const { client, close } = await connectForCheck(broker, session, ({ topic, payload }) => {
    identity = identityOf(topic, new TextDecoder().decode(payload));
    return true;
  });
  // A broker need not say what it is.
  await client.subscribeAsync([...IDENTITY_FILTERS], { qos: 0 }).catch(() => {});
  await delay(LISTEN_MS);
  await close();
  return identity;
}

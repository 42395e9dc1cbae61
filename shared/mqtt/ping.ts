/** Knowing that a broker has answered all that was sent to it before. */
import type { MqttClient } from "mqtt";

/** Resolves once the broker has answered a ping, and so all that was sent before it; or has hung up. */
export async function ping(client: MqttClient): Promise<void> {
  if (!client.connected) return;
  const answered = Promise.withResolvers<void>();
  const onPacket = ({ cmd }: { readonly cmd: string }) => {
    if (cmd === "pingresp") answered.resolve();
  };
  const onClose = () => answered.resolve();
  client.on("packetreceive", onPacket);
  client.on("close", onClose);
  try {
    client.sendPing();
    await answered.promise;
  } finally {
    client.off("packetreceive", onPacket);
    client.off("close", onClose);
  }
}

/** `--check`: listens to the local broker for a while, and says for each source what came of it. */
import { hasCode, messageOf, WattstreamError } from "../../shared/errors.ts";
import { brokerAddress, mqttOptions } from "../../shared/mqtt/flags.ts";
import { pause } from "../../shared/pause.ts";
import type { ConfigSource } from "../../shared/service/config.ts";
import { parseOrExplain } from "../../shared/service/program.ts";
import { print, printableLine, printError } from "../../shared/service/terminal.ts";
import { gatewayConfig } from "./config.ts";
import { Gateway, type SourceFigures } from "./gateway.ts";
import { LocalBroker } from "./local_broker.ts";
import { passwordOf } from "./uplink/uplinks.ts";
import { type GatewayEnvironment, gatewayProgram, readHouseholds } from "./worker.ts";

/** Whether the flags or variables ask for it. */
export function isCheck({ args, env }: ConfigSource): boolean {
  return (args.includes("--check") || env("WATTSTREAM_CHECK") === "true") &&
    !args.includes("--help");
}

/** The exit code: 0 every source has given something, 1 not all have, 2 bad settings. */
export async function runCheck(
  source: ConfigSource,
  environment: GatewayEnvironment,
): Promise<number> {
  const parsed = parseOrExplain(gatewayProgram(environment), source);
  if (typeof parsed === "number") return parsed;
  const { config } = parsed as { config: ReturnType<typeof gatewayConfig.parse> };
  const stop = new AbortController();
  try {
    const { nowMs, random } = environment;
    const specs = await readHouseholds(config.households);
    const mqtt = await mqttOptions(config);
    for (const { entry } of specs) await passwordOf(entry);
    const gateway = new Gateway(specs, {
      offsets: {},
      lastSeconds: {},
      onOutcome: () => {},
      onOffset: () => {},
    });
    const [broker, listenMs] = [brokerAddress(config.mqtt), config.checkForS * 1000];
    print(`Listening at ${broker} for ${config.checkForS} s …`);
    let problem: string | undefined;
    const local = new LocalBroker({
      ...{ mqtt, topics: gateway.topics, nowMs, random, signal: stop.signal, sessionExpiryS: 0 },
      clientId: `gateway-check-${random().toString(36).slice(2)}`,
      onMessage: async (message) => {
        await gateway.take(message);
        gateway.due(nowMs());
      },
      onState: (found) => {
        // It is tried again and again, for the same reason.
        if (found !== undefined && found !== problem) printError(printableLine(found));
        problem = found;
      },
    });
    try {
      const isConnected = await Promise.race([
        local.connected.then(() => true),
        pause(listenMs, stop.signal).then(() => false),
      ]);
      if (!isConnected) {
        throw new WattstreamError("unavailable", `Start the broker of --mqtt, ${broker}`);
      }
      await pause(listenMs, stop.signal);
    } finally {
      await local.close();
    }
    for (const figures of gateway.figures) print(printableLine(textOf(figures)));
    return gateway.figures.every(hasGiven) ? 0 : 1;
  } catch (error) {
    printError(messageOf(error).split("\n").map(printableLine).join("\n"));
    return hasCode(error, "config") ? 2 : 1;
  }
}

function hasGiven({ outcomes }: SourceFigures): boolean {
  return (outcomes.get("reading") ?? 0) + (outcomes.get("word") ?? 0) > 0;
}

/** `anna/flat-1 power: 58 reading, 2 no_value; last 231.5; clock 3600 s ahead` */
function textOf(figures: SourceFigures): string {
  const { household, source, outcomes, lastValue, offsetS, clockWrongCount, topics } = figures;
  const counts = [...outcomes].map(([outcome, count]) => `${count} ${outcome}`);
  const parts = [
    counts.length === 0 ? `nothing came on ${topics.join(", ")}` : counts.join(", "),
    ...(lastValue === undefined ? [] : [`last ${lastValue}`]),
    ...(offsetS ? [`its clock is ${offsetS} s ahead, which is mended`] : []),
    ...(clockWrongCount > 0 ? [`its clock was of no use ${clockWrongCount} times`] : []),
  ];
  return `${household} ${source}: ${parts.join("; ")}`;
}

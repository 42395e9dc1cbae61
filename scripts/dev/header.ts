/** What a run says of itself at its start: where everything is, and what can be tried. */
import { POWER_TOPIC } from "../../shared/topics.ts";
import type { DevConfig } from "./config.ts";
import type { DevSystem } from "./system.ts";

/** Somebody's own device, for the example. */
const EXAMPLE = { client_id: "my-home", username: "me", consumption: 230.5 };

export function headerText(config: DevConfig, system: DevSystem): string {
  const { folder, processes } = system;
  const url = new URL(system.mqttUrl);
  const broker = `${url.protocol}//${url.host}`;
  const kept = folder.isTemporary && config.log === undefined
    ? " (temporary; --data DIR keeps it)"
    : "";
  // One that could not start, the console say, has none.
  const pids = processes.filter(({ pid }) => pid !== undefined).map(({ name, pid }) =>
    `${name} ${pid}`
  ).join(", ");
  const topic = config.mqttTopics.format({ ...EXAMPLE, kind: POWER_TOPIC });
  return [
    `Wattstream: ${whoPublishes(config)} to ${broker}`,
    "",
    `  log      ${folder.logUrl}${kept}`,
    `  workers  ${pids} (process ids; their logs: ${folder.path}/logs)`,
    `  publish  mosquitto_pub -h ${url.hostname} -p ${url.port || 1883} -q 1 -t ${topic} -m '${
      JSON.stringify(EXAMPLE)
    }'`,
    ...(config.mqtt === undefined || config.noDisaggregation ? [] : [
      // What it tells stays at a broker: no run puts that on one which is not its own.
      `  answers  not told at a broker of others: deno task publisher --log ${folder.logUrl} --mqtt ${broker}`,
    ]),
    `  read     deno task topics read ${POWER_TOPIC} --from-beginning --log ${folder.logUrl}`,
    "",
    `Ctrl-C ends it with a report${whenElse(config)}.`,
    "",
  ].join("\n");
}

function whoPublishes({ households, replay }: DevConfig): string {
  if (replay !== undefined) return `${replay.join(", ")} published`;
  return households === 1
    ? "1 household publishes"
    : `${households.toLocaleString("en")} households publish`;
}

function whenElse({ durationMs, replay, loop }: DevConfig): string {
  if (durationMs !== undefined) return `, as do ${durationMs / 1000} s`;
  return replay === undefined || loop ? "" : ", as does the end of the recording";
}

/** The commands of `deno task dashboards`: which there are, and what they write. */
import { z } from "zod";
import { command, runCommand } from "../../shared/service/commands.ts";
import { type ConfigSource, flag } from "../../shared/service/config.ts";
import { print, printError } from "../../shared/service/terminal.ts";
import { DASHBOARDS, fileOf } from "./all.ts";
import { drawn } from "./draw.ts";
import { grafanaJson } from "./grafana.ts";
import { linesOf } from "./range.ts";

/** Runs one command and returns the exit code: 0 done, 1 failed, 2 bad usage. */
export function runDashboards(source: ConfigSource): Promise<number> {
  return runCommand({
    name: "dashboards",
    summary: "what Grafana shows, made by code",
    notes: "",
    commands: { write, draw },
  }, source);
}

const write = command({
  summary: "writes the dashboards into deploy/, as Grafana reads them",
  config: z.strictObject({}),
  async run() {
    for (const dashboard of DASHBOARDS) {
      await Deno.writeTextFile(fileOf(dashboard), grafanaJson(dashboard));
    }
  },
});

const draw = command({
  summary: "draws the same lines as pictures, by the same queries, where there is no Grafana",
  config: z.strictObject({
    prometheus: flag.url(["http", "https"]).describe("Prometheus, such as http://127.0.0.1:9090"),
    lastMs: flag.milliseconds().prefault("10m").describe("From so long ago until now"),
    out: flag.text().prefault(".").describe("Folder for the pictures, an SVG a dashboard"),
  }),
  async run({ prometheus, lastMs, out }) {
    await Deno.mkdir(out, { recursive: true });
    const span = { endS: Math.floor(Date.now() / 1000), lastS: Math.ceil(lastMs / 1000) };
    let drawnCount = 0;
    for (const { name, title, panels } of DASHBOARDS) {
      const shown = [];
      for (const panel of panels) {
        if (panel.kind === "number") continue;
        const values = await linesOf(prometheus, panel, span);
        if (values.length > 0) shown.push({ panel, values });
      }
      if (shown.length === 0) continue;
      const path = `${out}/${name}.svg`;
      await Deno.writeTextFile(path, await drawn(title, shown));
      print(path);
      drawnCount++;
    }
    if (drawnCount === 0) printError(`${prometheus} has nothing of Wattstream in that time`);
  },
});

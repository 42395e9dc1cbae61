/** A dashboard as Grafana reads it: JSON of its schema, with a choice of the Prometheus. */
import type { Dashboard, Panel } from "./panel.ts";

const SCHEMA_VERSION = 39;
const SOURCE = { type: "prometheus", uid: "${source}" };

/** Columns of Grafana's grid, of which a number takes 4 and lines take 12. */
const COLUMNS = 24;
const SIZES = { number: { w: 4, h: 4 }, lines: { w: 12, h: 8 } } as const;

/** The text of its file. */
export function grafanaJson(dashboard: Dashboard): string {
  const json = {
    uid: `wattstream-${dashboard.name}`,
    title: `Wattstream: ${dashboard.title}`,
    tags: ["wattstream"],
    schemaVersion: SCHEMA_VERSION,
    editable: true,
    refresh: "10s",
    time: { from: "now-1h", to: "now" },
    links: [{ type: "dashboards", title: "Wattstream", tags: ["wattstream"], asDropdown: true }],
    templating: {
      list: [{ name: "source", label: "Prometheus", type: "datasource", query: "prometheus" }],
    },
    panels: placed(dashboard.panels),
  };
  return `${JSON.stringify(json, null, 2)}\n`;
}

/** From left to right, in rows of one height. */
function placed(panels: readonly Panel[]): unknown[] {
  let [x, y, height] = [0, 0, 0];
  return panels.map((panel, index) => {
    const size = SIZES[panel.kind];
    if (x + size.w > COLUMNS || (x > 0 && size.h !== height)) {
      x = 0;
      y += height;
    }
    const gridPos = { ...size, x, y };
    x += size.w;
    height = size.h;
    return { id: index + 1, gridPos, ...panelJson(panel) };
  });
}

function panelJson({ title, help, unit, kind, queries }: Panel): object {
  const targets = queries.map(({ expr, legend }, index) => ({
    refId: String.fromCharCode("A".charCodeAt(0) + index),
    datasource: SOURCE,
    expr,
    ...(legend !== "" && { legendFormat: legend }),
    ...(kind === "number" && { instant: true }),
  }));
  return {
    type: kind === "number" ? "stat" : "timeseries",
    title,
    description: help,
    datasource: SOURCE,
    fieldConfig: { defaults: { unit, min: 0 }, overrides: [] },
    targets,
  };
}

/** The design's picture, drawn with what flows on its edges. */
import { useEffect, useState } from "preact/hooks";
import type { Problem, SystemState } from "../system/system_state.ts";
import { countText, rateText } from "./format.ts";

interface Place {
  readonly x: number;
  readonly y: number;
}

type NodeName =
  | "households"
  | "bridge"
  | "predictions"
  | "training"
  | "disaggregation"
  | "publisher";

interface Edge {
  readonly from: NodeName;
  readonly to: NodeName;
  readonly topic: string;
}

const EDGES: readonly Edge[] = [
  { from: "households", to: "bridge", topic: "MQTT" },
  { from: "bridge", to: "predictions", topic: "power" },
  { from: "bridge", to: "training", topic: "device-state" },
  { from: "predictions", to: "disaggregation", topic: "predictions" },
  { from: "training", to: "disaggregation", topic: "dataset2train" },
  { from: "disaggregation", to: "publisher", topic: "disaggregated" },
];

interface Layout {
  readonly width: number;
  readonly height: number;
  readonly box: { readonly width: number; readonly height: number };
  readonly places: Readonly<Record<NodeName, Place>>;
}

/** Middles of the boxes. */
const WIDE: Layout = {
  width: 1330,
  height: 270,
  box: { width: 150, height: 64 },
  places: {
    households: { x: 76, y: 135 },
    bridge: { x: 336, y: 135 },
    predictions: { x: 636, y: 60 },
    training: { x: 636, y: 210 },
    disaggregation: { x: 936, y: 135 },
    publisher: { x: 1254, y: 135 },
  },
};
const TALL: Layout = {
  width: 380,
  height: 606,
  box: { width: 156, height: 60 },
  places: {
    households: { x: 190, y: 36 },
    bridge: { x: 190, y: 156 },
    predictions: { x: 82, y: 300 },
    training: { x: 298, y: 300 },
    disaggregation: { x: 190, y: 444 },
    publisher: { x: 190, y: 574 },
  },
};

const NARROW = "(max-width: 760px)";

export function Pipeline({ state }: { readonly state: SystemState }) {
  const isTall = useMedia(NARROW);
  const layout = isTall ? TALL : WIDE;
  const rates = new Map(state.rates.topics.map(({ topic, recordsPerS }) => [topic, recordsPerS]));
  if (state.receivedPerS !== undefined) rates.set("MQTT", state.receivedPerS);
  const spoken = EDGES.filter(({ topic }) => rates.has(topic))
    .map(({ topic }) => `${topic} ${rateText(rates.get(topic)!)} a second`).join(", ");
  return (
    <svg
      class="pipeline"
      viewBox={`0 0 ${layout.width} ${layout.height}`}
      role="img"
      aria-label={`What flows from households to disaggregated seconds: ${spoken}`}
    >
      {EDGES.map((edge) => (
        <EdgeLine key={edge.topic} {...{ edge, layout, isTall }} rate={rates.get(edge.topic)} />
      ))}
      {Object.entries(layout.places).map(([name, place]) => (
        <NodeBox key={name} {...{ name: name as NodeName, place, layout, state }} />
      ))}
    </svg>
  );
}

function EdgeLine({ edge, layout, isTall, rate }: {
  readonly edge: Edge;
  readonly layout: Layout;
  readonly isTall: boolean;
  readonly rate: number | undefined;
}) {
  const { box, places } = layout;
  const [from, to] = [places[edge.from], places[edge.to]];
  const [x1, y1] = isTall ? [from.x, from.y + box.height / 2] : [from.x + box.width / 2, from.y];
  const [x2, y2] = isTall ? [to.x, to.y - box.height / 2] : [to.x - box.width / 2, to.y];
  const [mx, my] = [(x1 + x2) / 2, (y1 + y2) / 2];
  const path = isTall
    ? `M${x1} ${y1}C${x1} ${my} ${x2} ${my} ${x2} ${y2}`
    : `M${x1} ${y1}C${mx} ${y1} ${mx} ${y2} ${x2} ${y2}`;
  // One dash goes by for a record, until that would be a blur.
  const durationS = rate === undefined || rate <= 0 ? 0 : Math.max(0.35, Math.min(4, 8 / rate));
  // Labels stand outside of what the curves enclose.
  const isCurved = isTall ? x1 !== x2 : y1 !== y2;
  const isLeft = isCurved && mx < layout.width / 2;
  const isRight = isCurved ? !isLeft : isTall;
  const labelX = isLeft ? mx - 14 : isRight ? mx + 14 : mx;
  const labelY = isTall ? my : !isCurved ? my - 20 : my < layout.height / 2 ? my - 12 : my + 24;
  return (
    <g>
      <path class="edge" d={path} />
      {durationS > 0 && (
        <path class="flow" d={path} style={{ animationDuration: `${durationS}s` }} />
      )}
      <text
        class="edge-label"
        x={labelX}
        y={labelY}
        text-anchor={isLeft ? "end" : isRight ? "start" : "middle"}
      >
        <tspan class="rate">{rate === undefined ? "–" : `${rateText(rate)}/s`}</tspan>
        {isTall
          ? <tspan x={labelX} dy="16">{edge.topic}</tspan>
          : <tspan dx="6">{edge.topic}</tspan>}
      </text>
    </g>
  );
}

function NodeBox({ name, place, layout, state }: {
  readonly name: NodeName;
  readonly place: Place;
  readonly layout: Layout;
  readonly state: SystemState;
}) {
  const { width, height } = layout.box;
  const health = healthOf(name, state);
  return (
    <g
      class={`node ${health}`}
      transform={`translate(${place.x - width / 2} ${place.y - height / 2})`}
    >
      <rect width={width} height={height} rx="12" />
      <text class="node-name" x="14" y={height / 2 - 5}>{name}</text>
      <text class="node-note" x="14" y={height / 2 + 16}>{noteOf(name, state)}</text>
      {health !== "plain" && <circle cx={width - 16} cy={height / 2 + 11} r="5" />}
    </g>
  );
}

function noteOf(name: NodeName, { rates, processes }: SystemState): string {
  if (name === "households") {
    const alive = processes.filter(({ worker }) => worker === "predictions")
      .reduce((sum, { households }) => sum + (households ?? 0), 0);
    return alive === 0 ? "over MQTT" : `${countText(alive)} alive`;
  }
  if (name === "bridge") return "MQTT → log";
  const row = rates.workers.find(({ worker }) => worker === name);
  return row === undefined || row.settled === 0 ? "" : `lag ${countText(row.lag)}`;
}

function healthOf(name: NodeName, { rates, problems, processes }: SystemState): string {
  if (name === "households") return "plain";
  const isConcerned = ({ what }: Problem) => what.toLowerCase().includes(name);
  const problem = problems.find(isConcerned);
  if (problem !== undefined) return problem.isCritical ? "critical" : "warning";
  const isKnown = processes.some(({ worker }) => worker === name) ||
    rates.workers.some(({ worker, settled }) => worker === name && settled > 0);
  return isKnown ? "well" : "plain";
}

function useMedia(query: string): boolean {
  const [matches, setMatches] = useState(matchMedia(query).matches);
  useEffect(() => {
    const list = matchMedia(query);
    const onChange = () => setMatches(list.matches);
    list.addEventListener("change", onChange);
    return () => list.removeEventListener("change", onChange);
  }, [query]);
  return matches;
}

/** What is not well, each with its section of the runbook. */
import type { RunbookSection } from "../system/runbook.ts";
import type { Problem } from "../system/system_state.ts";
import { useState } from "preact/hooks";
import { useFetched } from "./events.ts";
import { Broken, Loading } from "./states.tsx";

export function Problems({ problems }: { readonly problems: readonly Problem[] }) {
  if (problems.length === 0) {
    return (
      <p class="card all-well" role="status">
        <span class="dot" /> All is well.
      </p>
    );
  }
  return (
    <ul class="problems" aria-label="What is not well">
      {problems.map(({ section, isCritical, what }) => (
        <li key={`${section} ${what}`} class={`card ${isCritical ? "critical" : "warning"}`}>
          <p>
            <span class={`badge ${isCritical ? "critical" : "warning"}`}>
              {isCritical ? "critical" : "warning"}
            </span>{" "}
            <b>{what}</b>
          </p>
          <Advice section={section} />
        </li>
      ))}
    </ul>
  );
}

function Advice({ section }: { readonly section: string }) {
  const [isOpen, setOpen] = useState(false);
  return (
    <details open={isOpen} onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>What to do</summary>
      {isOpen && <Section name={section} />}
    </details>
  );
}

function Section({ name }: { readonly name: string }) {
  const { data, problem } = useFetched<RunbookSection>(`api/runbook/${name}`);
  if (problem !== undefined) return <Broken what="The runbook does not come." problem={problem} />;
  if (data === undefined) return <Loading what="the runbook" />;
  return <>{data.paragraphs.map((text) => <p key={text}>{marked(text)}</p>)}</>;
}

/** Markdown's bold, code and links, as far as the runbook has them. */
function marked(text: string) {
  return text.split(/(\*\*[^*]+\*\*|`[^`]+`|\[[^\]]+\]\([^)]+\))/).map((part, index) => {
    if (part.startsWith("**")) return <b key={index}>{part.slice(2, -2)}</b>;
    if (part.startsWith("`")) return <code key={index}>{part.slice(1, -1)}</code>;
    return /^\[([^\]]+)\]/.exec(part)?.[1] ?? part;
  });
}

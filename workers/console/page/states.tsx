/** What stands where there is nothing to show: it loads, it is broken, it is empty. */
import type { ComponentChildren } from "preact";
import type { Connection } from "./events.ts";

export function Loading({ what }: { readonly what: string }) {
  return <p class="state" role="status">Loading {what} …</p>;
}

export function Empty({ children }: { readonly children: ComponentChildren }) {
  return <p class="state">{children}</p>;
}

export function Broken({ what, problem }: { readonly what: string; readonly problem: string }) {
  return (
    <p class="state broken" role="alert">
      <b>{what}</b> {problem}
    </p>
  );
}

/** Why what is below may be old, or nothing where it is not. */
export function Staleness(
  { connection, away }: { readonly connection: Connection; readonly away: string | undefined },
) {
  if (connection === "lost") {
    const problem = "It is tried again every second; what you see is from before.";
    return <Broken what="The console does not answer." problem={problem} />;
  }
  if (away === undefined) return null;
  return <Broken what="The log does not answer." problem={`${away}. It is asked again.`} />;
}

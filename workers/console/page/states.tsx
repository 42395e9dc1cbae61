/** What stands where there is nothing to show: it loads, it is broken, it is empty. */
import type { ComponentChildren } from "preact";
import type { Live } from "./events.ts";

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

/** Whether what a page shows is as new as it should be. */
export function isWell({ connection, health, away }: Live): boolean {
  return connection === "live" && health?.log === undefined && health?.broker === undefined &&
    away === undefined;
}

/** Until a page has something to show, where nothing says that it will not. */
export function LoadingLive({ what, live }: { readonly what: string; readonly live: Live }) {
  const { connection, health, away } = live;
  const isBroken = connection === "lost" || health?.log !== undefined || away !== undefined;
  return isBroken ? null : <Loading what={what} />;
}

/** Why what is below may be old, or nothing where it is not. */
export function Staleness({ live: { connection, health, away } }: { readonly live: Live }) {
  if (connection === "lost") {
    const problem = "It is tried again every second; what you see is from before.";
    return <Broken what="The console does not answer." problem={problem} />;
  }
  const log = health?.log ?? away;
  return (
    <>
      {log !== undefined && (
        <Broken what="The log does not answer." problem={`${log}. It is asked again.`} />
      )}
      {health?.broker !== undefined && (
        <Broken
          what="The broker does not answer."
          problem={`Until it does, labels do not go, and readings may not come: ${health.broker}.`}
        />
      )}
    </>
  );
}

const FOUND_LATER = "What is found stands still, and follows when it is back.";
/** What it comes to for a household that a worker is away; nothing is lost by it. */
const MISSED: Readonly<Record<string, string>> = {
  bridge: "Readings and labels wait at the broker, and come when it is back.",
  predictions: FOUND_LATER,
  training: "Labels wait, and are learned from when it is back.",
  disaggregation: FOUND_LATER,
  publisher: "Home Assistant hears nothing new until it is back.",
};

/** Workers that are away, in the words of those who know their household alone. */
export function MissedWorkers({ live: { connection, health } }: { readonly live: Live }) {
  if (connection === "lost") return null;
  return (
    <>
      {health?.workers.map((worker) => (
        <p key={worker} class="state missed" role="status">
          <b>The worker {worker} does not answer.</b>{" "}
          {MISSED[worker] ?? "What it does waits until it is back."}
        </p>
      ))}
    </>
  );
}

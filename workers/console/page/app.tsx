/** The page: its frame, and which of its parts is shown. */
import { render } from "preact";
import type { Viewing } from "../access/routes.ts";
import { LOGGED_OUT, sendJson } from "./events.ts";
import { HouseholdPage } from "./household_page.tsx";
import { HouseholdsPage } from "./households_page.tsx";
import { LabelPage } from "./label_page.tsx";
import { LogInPage } from "./log_in_page.tsx";
import { type Route, useRoute } from "./routes.ts";
import { Broken, Empty, Loading } from "./states.tsx";
import { SystemPage } from "./system_page.tsx";
import { useViewing, ViewingContext } from "./viewing.ts";

function App() {
  const route = useRoute();
  const { viewing, problem, again } = useViewing();
  const isKnown = viewing !== undefined && viewing !== "nobody";
  return (
    <>
      <a class="skip" href="#main" onClick={toContent}>To the content</a>
      <header class="bar">
        <a class="brand" href="#/">
          <svg viewBox="0 0 32 32" aria-hidden="true">
            <path d="M3 20c5 0 5-9 9-9s4 12 8 12 4-8 9-8" />
          </svg>
          Wattstream
        </a>
        {isKnown && <Pages viewing={viewing} route={route} />}
      </header>
      <main id="main" tabIndex={-1}>
        {isKnown
          ? (
            <ViewingContext.Provider value={viewing}>
              <Shown viewing={viewing} route={viewing.isOperator ? route : withoutSystem(route)} />
            </ViewingContext.Provider>
          )
          : viewing === "nobody"
          ? <LogInPage onLogIn={again} />
          : problem !== undefined
          ? <Broken what="The console does not answer." problem={problem} />
          : <Loading what="the page" />}
      </main>
    </>
  );
}

function Pages({ viewing, route }: { readonly viewing: Viewing; readonly route: Route }) {
  const link = (page: string, text: string, isHere: boolean) => (
    <a href={`#/${page}`} aria-current={isHere ? "page" : undefined}>{text}</a>
  );
  const { isOperator, username } = viewing;
  return (
    <>
      <nav aria-label="Pages">
        {isOperator && link("system", "System", route.page === "system")}
        {link("households", "Households", !isOperator || route.page !== "system")}
      </nav>
      {username !== undefined && (
        <p class="viewing">
          {username} <button type="button" onClick={logOut}>Log out</button>
        </p>
      )}
    </>
  );
}

/** Of the page that only operators see, all others see their households. */
function withoutSystem(route: Route): Route {
  return route.page === "system" ? { page: "households" } : route;
}

async function logOut() {
  try {
    await sendJson("POST", "api/log-out", {});
    dispatchEvent(new Event(LOGGED_OUT));
  } catch (error) {
    alert(`You are still logged in: ${(error as Error).message}`);
  }
}

/** What stands behind the `#` is the page, not a place in it. */
function toContent(event: Event) {
  event.preventDefault();
  document.getElementById("main")?.focus();
}

function Shown({ route, viewing }: { readonly route: Route; readonly viewing: Viewing }) {
  switch (route.page) {
    case "system":
      return <SystemPage />;
    case "households":
      return <HouseholdsPage />;
    case "household":
    case "label": {
      const { username, client_id } = route.household;
      if (!viewing.isOperator && viewing.username !== username) {
        return <Empty>This household is another user's.</Empty>;
      }
      const Page = route.page === "label" ? LabelPage : HouseholdPage;
      return <Page key={`${username}/${client_id}`} household={route.household} />;
    }
  }
}

const root = document.getElementById("app")!;
root.replaceChildren();
render(<App />, root);

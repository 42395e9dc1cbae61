/** The page: its frame, and which of its parts is shown. */
import { render } from "preact";
import { HouseholdPage } from "./household_page.tsx";
import { HouseholdsPage } from "./households_page.tsx";
import { LabelPage } from "./label_page.tsx";
import { type Route, useRoute } from "./routes.ts";
import { SystemPage } from "./system_page.tsx";

function App() {
  const route = useRoute();
  const link = (page: string, text: string, isHere: boolean) => (
    <a href={`#/${page}`} aria-current={isHere ? "page" : undefined}>{text}</a>
  );
  return (
    <>
      <a class="skip" href="#main">To the content</a>
      <header class="bar">
        <a class="brand" href="#/system">
          <svg viewBox="0 0 32 32" aria-hidden="true">
            <path d="M3 20c5 0 5-9 9-9s4 12 8 12 4-8 9-8" />
          </svg>
          Wattstream
        </a>
        <nav aria-label="Pages">
          {link("system", "System", route.page === "system")}
          {link("households", "Households", route.page !== "system")}
        </nav>
      </header>
      <main id="main" tabIndex={-1}>
        <Shown route={route} />
      </main>
    </>
  );
}

function Shown({ route }: { readonly route: Route }) {
  switch (route.page) {
    case "system":
      return <SystemPage />;
    case "households":
      return <HouseholdsPage />;
    case "household":
    case "label": {
      const { username, client_id } = route.household;
      const Page = route.page === "label" ? LabelPage : HouseholdPage;
      return <Page key={`${username}/${client_id}`} household={route.household} />;
    }
  }
}

const root = document.getElementById("app")!;
root.replaceChildren();
render(<App />, root);

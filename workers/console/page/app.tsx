/** The page: its frame, and which of its parts is shown. Where one is stands behind the `#`. */
import { render } from "preact";
import { SystemPage } from "./system_page.tsx";

function App() {
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
          <a href="#/system" aria-current="page">System</a>
        </nav>
      </header>
      <main id="main" tabIndex={-1}>
        <SystemPage />
      </main>
    </>
  );
}

const root = document.getElementById("app")!;
root.replaceChildren();
render(<App />, root);

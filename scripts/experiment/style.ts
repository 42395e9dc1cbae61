/** How the report looks. The charts take their colours from the same variables. */
export const STYLE = `
:root {
  --page: #fff; --ink: #1b1f24; --muted: #5a6472; --line: #d8dde3; --right: #1a7f4b; --wrong: #b3261e;
  --series-1: #2563c9; --series-2: #d0570a; --series-3: #15803d; --series-4: #9333b8; --series-5: #8a6d00;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #14171b; --ink: #e6e9ed; --muted: #9aa4b1; --line: #353c45; --right: #5bd492; --wrong: #ff8a80;
    --series-1: #74a7ff; --series-2: #ff9a55; --series-3: #5fd38a; --series-4: #d592f5; --series-5: #e3c54a;
  }
}
@media print {
  :root {
    --page: #fff; --ink: #000; --muted: #444; --line: #ccc; --right: #1a7f4b; --wrong: #b3261e;
    --series-1: #2563c9; --series-2: #d0570a; --series-3: #15803d; --series-4: #9333b8; --series-5: #8a6d00;
  }
  figure, tr { break-inside: avoid; }
  h2 { break-after: avoid; }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--page); color: var(--ink); font: 16px/1.5 system-ui, sans-serif; }
main { max-width: 1100px; margin: 0 auto; padding: 1rem; }
h1 { font-size: 1.5rem; margin: 0.5rem 0 0; }
h2 { font-size: 1.15rem; margin: 2rem 0 0.5rem; }
.muted { color: var(--muted); font-size: 0.9rem; }
.right { color: var(--right); font-weight: 600; }
.wrong { color: var(--wrong); font-weight: 600; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th, td { text-align: right; padding: 0.3rem 0.6rem; border-bottom: 1px solid var(--line); }
th { color: var(--muted); font-weight: 600; }
th:first-child, td:first-child { text-align: left; padding-left: 0; }
.charts { display: grid; gap: 1.5rem; grid-template-columns: repeat(auto-fit, minmax(min(100%, 420px), 1fr)); }
figure { margin: 0; }
figcaption { font-weight: 600; margin-bottom: 0.3rem; }
svg { width: 100%; height: auto; display: block; }
`;

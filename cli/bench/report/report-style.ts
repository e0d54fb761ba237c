/** The report's style sheet. Colours keep their contrast in light and dark, and curves differ in lightness too. */
export const REPORT_STYLE = `
:root { color-scheme: light dark; --page: #fbfbfa; --card: #fff; --ink: #1c1e21; --soft: #5d636b; --line: #dfe2e6;
  --c0: #1767b5; --c1: #7a4db8; --c2: #c2410c; --c3: #0f766e; --c4: #a21caf; --c5: #525b66; --limit: #b91c1c; --knee: #15803d; --note: #fff7e0; }
@media (prefers-color-scheme: dark) {
  :root { --page: #14161a; --card: #1c1f24; --ink: #e8eaed; --soft: #a3aab3; --line: #333840;
    --c0: #74b3f5; --c1: #bfa0f2; --c2: #fb9a5e; --c3: #4fd1c0; --c4: #ec8bf5; --c5: #aab3bd; --limit: #f98080; --knee: #5fd68a; --note: #33290f; }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--page); color: var(--ink); font: 15px/1.55 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; }
main { max-width: 60rem; margin: 0 auto; padding: 2rem 1.25rem 4rem; }
header p, .soft { color: var(--soft); }
h1 { font-size: 1.7rem; line-height: 1.2; margin: 0 0 .3rem; letter-spacing: -.01em; }
h2 { font-size: 1.15rem; margin: 2.4rem 0 .7rem; }
h3 { font-size: 1rem; margin: 1.6rem 0 .4rem; }
p { margin: .4rem 0; max-width: 50rem; }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(11rem, 1fr)); gap: .8rem; margin: 1.4rem 0; padding: 0; list-style: none; }
.tiles li { background: var(--card); border: 1px solid var(--line); border-radius: 10px; padding: .8rem 1rem; }
.tiles b { display: block; font-size: 1.55rem; font-weight: 650; font-variant-numeric: tabular-nums; line-height: 1.25; }
.tiles span { color: var(--soft); font-size: .86rem; }
.card { background: var(--card); border: 1px solid var(--line); border-radius: 10px; padding: .8rem; overflow-x: auto; }
.card + .card { margin-top: .8rem; }
.notes { background: var(--note); border: 1px solid var(--line); border-radius: 10px; padding: .6rem 1rem .6rem 2rem; margin: 1rem 0; }
svg { display: block; width: 100%; min-width: 34rem; height: auto; font: 12px system-ui, sans-serif; }
svg text { fill: var(--soft); }
.grid path { stroke: var(--line); fill: none; }
.axis { stroke: var(--soft); fill: none; }
.curve path { fill: none; stroke-width: 2.2; stroke-linejoin: round; }
.curve circle { stroke: var(--card); stroke-width: 1.5; }
${["c0", "c1", "c2", "c3", "c4", "c5"].map((name) => `.curve.${name} path { stroke: var(--${name}); } .curve.${name} circle { fill: var(--${name}); } svg .name.${name} { fill: var(--${name}); }`).join("\n")}
svg .name { font-weight: 600; }
.curve.faint path { stroke: var(--soft); stroke-width: 1.2; stroke-dasharray: 3 4; } .curve.faint circle { display: none; }
.guide path { fill: none; stroke-width: 1.4; stroke-dasharray: 6 4; }
.guide.limit path { stroke: var(--limit); } svg .guide.limit text { fill: var(--limit); }
.guide.knee path { stroke: var(--knee); } svg .guide.knee text { fill: var(--knee); }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; font-size: .9rem; }
th, td { text-align: right; padding: .32rem .6rem; border-bottom: 1px solid var(--line); white-space: nowrap; }
th { color: var(--soft); font-weight: 600; }
th:first-child, td:first-child, td.text, th.text { text-align: left; }
tr.knee td { font-weight: 650; }
tr:last-child td { border-bottom: 0; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .25rem 1.2rem; margin: .4rem 0; }
dt { color: var(--soft); } dd { margin: 0; overflow-wrap: anywhere; }
pre { background: var(--card); border: 1px solid var(--line); border-radius: 10px; padding: .8rem 1rem; overflow-x: auto; font: 13px/1.5 ui-monospace, Consolas, monospace; }
`;

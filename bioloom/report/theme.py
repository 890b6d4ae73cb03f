"""The style sheet of the report: light and dark, narrow and wide, screen and paper."""

CSS = """
:root {
  color-scheme: light dark;
  --ground: #f6f7f8; --paper: #ffffff; --ink: #1f2933; --soft: #5c6873; --line: #dfe4e8;
  --accent: #0b6aa6; --good: #00785a; --bad: #b3470a;
  --warn-ground: #fff6e0; --warn-line: #e0a100; --code: #eef1f4;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ground: #14181c; --paper: #1d2328; --ink: #e6eaee; --soft: #9fabb6; --line: #333c44;
    --accent: #6cb8ea; --good: #4fc9a4; --bad: #f0955c;
    --warn-ground: #332a12; --warn-line: #c79a1e; --code: #262e35;
  }
}
* { box-sizing: border-box; }
html { scroll-behavior: smooth; -webkit-text-size-adjust: 100%; }
body { margin: 0; background: var(--ground); color: var(--ink);
  font: 16px/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif; }
main, body > header, nav, body > footer { max-width: 960px; margin: 0 auto; padding: 0 24px; }
body > header { padding-top: 44px; }
h1 { font-size: 2.1rem; line-height: 1.2; margin: 0 0 6px;
  letter-spacing: -0.015em; overflow-wrap: anywhere; }
h2 { font-size: 1.35rem; margin: 0 0 12px; letter-spacing: -0.01em; }
h3 { font-size: 1.05rem; margin: 28px 0 8px; }
p { margin: 0 0 12px; max-width: 72ch; }
a { color: var(--accent); }
.lead { color: var(--soft); font-size: 1.08rem; }
nav ul { list-style: none; display: flex; flex-wrap: wrap; gap: 4px 20px; padding: 0; margin: 18px 0 8px; }
nav a { text-decoration: none; font-weight: 600; font-size: 0.95rem; }
nav a:hover { text-decoration: underline; }
section { background: var(--paper); border: 1px solid var(--line); border-radius: 12px; padding: 26px 28px;
  margin: 20px 0; }
.cards { display: grid; grid-template-columns: repeat(auto-fill, minmax(190px, 1fr));
  gap: 14px; margin: 20px 0; }
.card { margin: 0; background: var(--paper); border: 1px solid var(--line); border-radius: 12px;
  padding: 16px 18px; display: grid; grid-template-rows: 1fr auto 1.6em; }
.card dt { color: var(--soft); font-size: 0.88rem; }
.card dd { margin: 0; }
.card .value { font-size: 2.1rem; line-height: 1.25; font-weight: 680; font-variant-numeric: tabular-nums; }
.card .note { color: var(--soft); font-size: 0.88rem; }
.better { color: var(--good); font-weight: 600; }
.worse { color: var(--bad); font-weight: 600; }
.warnings { background: var(--warn-ground); border-left: 4px solid var(--warn-line); border-radius: 8px;
  padding: 16px 22px; margin: 20px 0; }
.warnings h2 { font-size: 1.05rem; margin-bottom: 6px; }
.warnings ul { margin: 0; padding-left: 20px; }
.facts { display: grid; grid-template-columns: max-content 1fr; gap: 4px 22px; margin: 14px 0 0; }
.facts dt { color: var(--soft); }
.facts dd { margin: 0; overflow-wrap: anywhere; }
figure { margin: 18px 0 26px; }
section > figure:last-child { margin-bottom: 6px; }
figure img { display: block; max-width: 100%; height: auto; background: #ffffff; border-radius: 8px; }
@media (prefers-color-scheme: dark) { figure img { padding: 10px; } }
figcaption { color: var(--soft); font-size: 0.93rem; margin-top: 8px; max-width: 78ch; }
figcaption strong { color: var(--ink); }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-size: 0.93rem; margin: 8px 0 14px; }
caption { text-align: left; color: var(--soft); padding-bottom: 6px; }
th, td { text-align: left; padding: 6px 14px 6px 0;
  border-bottom: 1px solid var(--line); vertical-align: top; }
thead th { color: var(--soft); font-weight: 600; white-space: nowrap; }
tbody th { font-weight: 600; }
.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
td { overflow-wrap: break-word; }
code, pre { font-family: ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; font-size: 0.88em; }
code { background: var(--code); border-radius: 4px; padding: 1px 5px; overflow-wrap: anywhere; }
pre { background: var(--code); border-radius: 8px; padding: 14px 16px; overflow-x: auto; line-height: 1.45; }
pre code { background: none; padding: 0; }
summary { cursor: pointer; font-weight: 600; color: var(--accent); }
body > footer { color: var(--soft); font-size: 0.88rem; padding-bottom: 40px; }
@media (max-width: 620px) {
  main, body > header, nav, body > footer { padding: 0 14px; }
  body > header { padding-top: 26px; }
  section { padding: 18px 16px; border-radius: 10px; }
  h1 { font-size: 1.6rem; }
  .facts { grid-template-columns: 1fr; gap: 0; }
  .facts dd { margin-bottom: 8px; }
}
@media print {
  :root { --ground: #fff; --paper: #fff; --ink: #000; --soft: #444; --line: #ccc; --code: #f4f4f4; }
  body { font-size: 11pt; }
  nav { display: none; }
  section { border: none; padding: 0; margin: 22px 0; }
  figure, .card, tr, .warnings { break-inside: avoid; }
  h2, h3 { break-after: avoid; }
}
""".strip()

import type { WhatIfRun } from '../../views/what-if.ts';
import { summaryRows, utc, whatIfHeading } from './what-if.ts';
import { escapeXml, SVG_STYLE, whatIfSvg } from './what-if-svg.ts';

const STYLE = `:root{color-scheme:light dark}body{font:15px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}
h1{font-size:1.4rem}h2{font-size:1.1rem;margin-top:2rem}svg{width:100%;height:auto}table{border-collapse:collapse}
th,td{padding:.15rem .8rem .15rem 0;text-align:left;vertical-align:top;border-bottom:1px solid #8884}
td.number,th.number{text-align:right;font-variant-numeric:tabular-nums}td.time{white-space:nowrap;font-variant-numeric:tabular-nums}
.warning,.error{font-weight:600}@media print{body{margin:0;max-width:none}section{break-inside:avoid-page}}
${SVG_STYLE}`;

/** Replays as one HTML page without anything from elsewhere: no scripts, no fonts, no pictures. Well-formed XML too. */
export function renderWhatIfHtml(runs: readonly WhatIfRun[]): string {
  const [first] = runs;
  const title = `What if: group ${first?.group ?? ''}`;
  return `<!DOCTYPE html>
<html xmlns="http://www.w3.org/1999/xhtml" lang="en">
<head><meta charset="utf-8"/><meta name="viewport" content="width=device-width"/><title>${escapeXml(title)}</title>
<style>${STYLE}</style></head>
<body>
<h1>${escapeXml(title)}</h1>
${first === undefined ? '' : `<p>${escapeXml(whatIfHeading(first).join(' '))}</p>`}
${summary(runs)}
${runs.map(section).join('\n')}
</body>
</html>
`;
}

function summary(runs: readonly WhatIfRun[]): string {
  const titles = runs.map(({ title }) => `<th class="number">${escapeXml(title)}</th>`).join('');
  const rows = summaryRows(runs).map(
    ([name = '', ...values]) =>
      `<tr><td>${name}</td>${values.map((value) => `<td class="number">${value}</td>`).join('')}</tr>`,
  );
  return `<table><thead><tr><th></th>${titles}</tr></thead><tbody>\n${rows.join('\n')}\n</tbody></table>`;
}

function section(run: WhatIfRun): string {
  const rows = run.activities.map(
    ({ at, level, message }) =>
      `<tr class="${level}"><td class="time">${utc(at)}</td><td>${escapeXml(message)}</td></tr>`,
  );
  const more = run.summary.activities - run.activities.length;
  return `<section><h2>${escapeXml(run.title)}</h2>
${run.notes.map((note) => `<p>${escapeXml(note)}</p>\n`).join('')}${whatIfSvg(run)}</section>
<table><thead><tr><th>Time (UTC)</th><th>Activity</th></tr></thead><tbody>
${rows.join('\n')}
</tbody></table>${more > 0 ? `<p>... and ${more} more.</p>` : ''}`;
}

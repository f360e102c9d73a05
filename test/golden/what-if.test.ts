import { describe, expect, it } from 'vitest';
import { renderWhatIf } from '../../src/cli/render/what-if.ts';
import { renderWhatIfHtml } from '../../src/cli/render/what-if-html.ts';
import { SVG_STYLE, whatIfSvg } from '../../src/cli/render/what-if-svg.ts';
import { whatIf } from '../../src/what-if/what-if.ts';
import { tracking } from '../support/policies.ts';
import { fleetWith, minutes } from '../support/what-if.ts';

const LOOK = { program: 'drover', columns: 100, rows: 24, color: false, unicode: true, now: 0 };
const track = (targetValue: number) =>
  fleetWith({ scalingPolicies: [tracking({ name: 'track', metric: 'requests', valueIs: 'total', targetValue })] });

/** A wave, a gap, and a sudden doubling. */
const LOADS = Array.from({ length: 240 }, (_, minute) => {
  if (minute >= 60 && minute < 70) return null;
  return Math.round((250 + 150 * Math.sin(minute / 30)) * (minute >= 150 && minute < 165 ? 2 : 1));
});

const RUNS = whatIf({
  fleets: [
    { title: 'fleet.yaml', fleet: track(70) },
    { title: 'a<b>&"c".yaml', fleet: track(50) },
  ],
  choice: { group: 'web', metric: null, valueIs: null },
  recording: { readings: minutes(LOADS), before: [] },
  from: null,
  to: null,
  bootMs: 60_000,
  capacity: 100,
});

describe('what if', () => {
  it('as text, two files side by side', async () => {
    await expect(`${renderWhatIf(RUNS, LOOK).join('\n')}\n`).toMatchFileSnapshot('what-if/text.txt');
  });

  it('as text in ASCII, no wider than the terminal', () => {
    const lines = renderWhatIf(RUNS, { ...LOOK, columns: 60, unicode: false });
    expect(lines.filter((line) => line.length > 60)).toEqual([]);
    expect(lines.join('')).toMatch(/^[\x20-\x7e]*$/);
  });

  it('as a page that is whole, well-formed, and needs nothing from elsewhere', () => {
    const html = renderWhatIfHtml(RUNS);
    expect(unbalanced(html.replace('<!DOCTYPE html>', ''))).toEqual([]);
    expect(html).not.toMatch(/<script|<link|<img|@import|url\(|\bsrc=/);
    expect(html.match(/<svg /g)).toHaveLength(2);
    expect(html).toContain('a&lt;b&gt;&amp;&quot;c&quot;.yaml');
    expect(html).not.toContain('NaN');
    expect(html).toContain('Scaling out from');
  });

  it('as a picture, with its own style', () => {
    const [run] = RUNS;
    if (run === undefined) throw new Error('no run');
    const svg = whatIfSvg(run, SVG_STYLE);
    expect(unbalanced(svg)).toEqual([]);
    expect(svg).not.toMatch(/NaN|Infinity|undefined/);
    expect(svg).toContain('prefers-color-scheme');
  });
});

/** Tags that do not match, and text that XML does not allow. */
function unbalanced(xml: string): string[] {
  const open: string[] = [];
  const wrong: string[] = [];
  for (const [tag, close, name = '', empty] of xml.matchAll(/<(\/?)([a-z][\w-]*)(?:\s[\w:-]+="[^"<]*")*\s*(\/?)>/gi)) {
    if (empty === '/') continue;
    if (close === '') open.push(name);
    else if (open.pop() !== name) wrong.push(tag);
  }
  const text = xml.replaceAll(/<\/?[a-z][\w-]*(?:\s[\w:-]+="[^"<]*")*\s*\/?>/gi, '');
  return [...wrong, ...open, ...(text.match(/[<]|&(?!(?:amp|lt|gt|quot|#39);)/g) ?? [])];
}

import type { EpochMs } from '../../model/time.ts';
import type { WhatIfPoint, WhatIfRun } from '../../views/what-if.ts';
import { amount } from './units.ts';
import { thin } from './what-if-thin.ts';

const WIDTH = 900;
const LEFT = 56;
const RIGHT = 12;
const PANEL_HEIGHT = 130;
const LOAD_TOP = 26;
const SIZE_TOP = LOAD_TOP + PANEL_HEIGHT + 40;
const HEIGHT = SIZE_TOP + PANEL_HEIGHT + 26;
const MAX_POINTS = 700;

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
const TIME_STEPS_MS = [1, 5, 10, 30, 60, 180, 360, 720, 1_440, 2_880, 10_080, 43_200].map((step) => step * MINUTE_MS);
const MAX_TIMES = 9;
const MAX_LEVELS = 5;

/** Colours of the charts; readable on white and, by the browser's setting, on black. */
export const SVG_STYLE = `.whatif{font:12px system-ui,sans-serif;--ink:#222;--faint:#ddd;--load:#9db7d5;--bad:#d1495b;--handled:#26547c;--size:#8fc0a9;--want:#2f6b4f}
@media (prefers-color-scheme:dark){.whatif{--ink:#ddd;--faint:#444;--load:#3f6187;--bad:#e8798a;--handled:#9cc4ea;--size:#3d6b57;--want:#9fdcbd}}
@media print{.whatif{--ink:#222;--faint:#ddd;--load:#9db7d5;--bad:#d1495b;--handled:#26547c;--size:#8fc0a9;--want:#2f6b4f}}
.whatif text{fill:var(--ink)}.whatif .grid{stroke:var(--faint);fill:none}.whatif .load{fill:var(--load)}.whatif .bad{fill:var(--bad)}
.whatif .handled{stroke:var(--handled);fill:none;stroke-width:1.5}.whatif .size{fill:var(--size)}.whatif .want{stroke:var(--want);fill:none;stroke-width:1.5}`;

/** Two charts over one time: the load with what the servers can handle, and the servers with the size that they should be. */
export function whatIfSvg(run: WhatIfRun, style = ''): string {
  const { capacity, from, to, title, group } = run;
  const points = thin(run.points, MAX_POINTS);
  const x = (at: EpochMs) => LEFT + ((at - from) / (to - from)) * (WIDTH - LEFT - RIGHT);
  const handled = ({ inService }: WhatIfPoint) => (capacity ?? 0) * inService;
  const mostLoad = Math.max(1e-9, ...points.map(({ load }) => load ?? 0));
  // What they can handle may be far above; the load is what the chart is about.
  const topLoad = Math.min(Math.max(mostLoad, ...points.map(handled)), 2 * mostLoad);
  const topSize = Math.max(1, ...points.map(({ inService, desired }) => Math.max(inService, desired)));
  const yLoad = scale(topLoad, LOAD_TOP);
  const ySize = scale(topSize, SIZE_TOP);
  const steps = (value: (point: WhatIfPoint) => number, y: (value: number) => number) =>
    stepPath(points, to, x, (point) => y(value(point)));
  const served = (point: WhatIfPoint) => Math.min(point.load ?? 0, capacity === null ? Infinity : handled(point));
  // Only where it is more: under what is served it would shine through at the edges.
  const overload = (point: WhatIfPoint) => ((point.load ?? 0) > served(point) ? (point.load ?? 0) : 0);
  const parts = [
    grid(topLoad, yLoad, LOAD_TOP),
    grid(topSize, ySize, SIZE_TOP, true),
    times(from, to, x),
    `<path class="bad" d="${area(steps(overload, yLoad), x(to), yLoad(0))}"/>`,
    `<path class="load" d="${area(steps(served, yLoad), x(to), yLoad(0))}"/>`,
    capacity === null
      ? ''
      : `<path class="handled" d="M${steps((point) => Math.min(handled(point), topLoad), yLoad)}"/>`,
    `<path class="size" d="${area(
      steps(({ inService }) => inService, ySize),
      x(to),
      ySize(0),
    )}"/>`,
    `<path class="want" d="M${steps(({ desired }) => desired, ySize)}"/>`,
    legend(
      LOAD_TOP,
      capacity === null
        ? [['load', 'Load']]
        : [
            ['load', 'Load'],
            ['bad', 'not served'],
            ['handled', 'what the servers can handle'],
          ],
    ),
    legend(SIZE_TOP, [
      ['size', 'Servers in service'],
      ['want', 'desired'],
    ]),
  ];
  const label = escapeXml(`${title}, group ${group}: load and servers over time`);
  const inner = style === '' ? '' : `<style>${style}</style>`;
  return `<svg xmlns="http://www.w3.org/2000/svg" class="whatif" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${label}">${inner}${parts.join('')}</svg>`;
}

export function escapeXml(text: string): string {
  const named: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };
  return text.replaceAll(/[&<>"']/g, (character) => named[character] ?? '');
}

function scale(top: number, panelTop: number): (value: number) => number {
  return (value) => panelTop + PANEL_HEIGHT - (value / top) * PANEL_HEIGHT;
}

/** Each value holds until the next point. */
function stepPath(
  points: readonly WhatIfPoint[],
  to: EpochMs,
  x: (at: EpochMs) => number,
  y: (point: WhatIfPoint) => number,
): string {
  let before = '';
  const parts = points.map((point) => {
    const level = fixed(y(point));
    const part =
      before === level ? '' : before === '' ? `${fixed(x(point.at))},${level}` : `H${fixed(x(point.at))}V${level}`;
    before = level;
    return part;
  });
  return `${parts.join('')}H${fixed(x(to))}`;
}

function area(path: string, right: number, bottom: number): string {
  return `M${LEFT},${fixed(bottom)}L${path}H${fixed(right)}V${fixed(bottom)}Z`;
}

function grid(top: number, y: (value: number) => number, panelTop: number, whole = false): string {
  const step = levelStep(top, whole);
  const levels = Array.from({ length: Math.floor(top / step + 1e-9) + 1 }, (_, index) => index * step);
  const lines = levels.map((level) => {
    const at = fixed(y(level));
    return `<path class="grid" d="M${LEFT},${at}H${WIDTH - RIGHT}"/><text x="${LEFT - 6}" y="${fixed(y(level) + 4)}" text-anchor="end">${amount(level)}</text>`;
  });
  return `<path class="grid" d="M${LEFT},${panelTop}V${panelTop + PANEL_HEIGHT}"/>${lines.join('')}`;
}

/** 1, 2 or 5 times a power of ten. */
function levelStep(top: number, whole: boolean): number {
  const power = 10 ** Math.floor(Math.log10(top / MAX_LEVELS));
  const step = [1, 2, 5, 10].map((each) => each * power).find((each) => top / each <= MAX_LEVELS) ?? top;
  return whole ? Math.max(1, Math.round(step)) : step;
}

function times(from: EpochMs, to: EpochMs, x: (at: EpochMs) => number): string {
  const step = TIME_STEPS_MS.find((each) => (to - from) / each <= MAX_TIMES) ?? to - from;
  const marks: string[] = [];
  for (let at = Math.ceil(from / step) * step; at <= to; at += step) {
    const iso = new Date(at).toISOString();
    const text = step >= DAY_MS ? iso.slice(5, 10) : iso.slice(11, 16);
    const left = fixed(x(at));
    const anchor = WIDTH - x(at) < 30 ? 'end' : 'middle';
    marks.push(
      `<path class="grid" d="M${left},${LOAD_TOP}V${LOAD_TOP + PANEL_HEIGHT}M${left},${SIZE_TOP}V${SIZE_TOP + PANEL_HEIGHT}"/><text x="${left}" y="${HEIGHT - 8}" text-anchor="${anchor}">${text}</text>`,
    );
  }
  return marks.join('');
}

function legend(panelTop: number, entries: readonly (readonly [string, string])[]): string {
  let left = LEFT;
  return entries
    .map(([kind, text]) => {
      const at = left;
      left += 34 + text.length * 7;
      const isLine = kind === 'handled' || kind === 'want';
      const sign = isLine
        ? `<path class="${kind}" d="M${at},${panelTop - 11}h14"/>`
        : `<rect class="${kind}" x="${at}" y="${panelTop - 17}" width="14" height="11"/>`;
      return `${sign}<text x="${at + 19}" y="${panelTop - 7}">${text}</text>`;
    })
    .join('');
}

function fixed(value: number): string {
  return String(Number(value.toFixed(1)));
}

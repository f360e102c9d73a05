import { count } from '../../base/plural.ts';
import type { FleetStatus, LoadBalancerStatus, TargetGroupStatus } from '../../views/status.ts';
import { asTyped } from './as-typed.ts';
import { clean } from './clean.ts';
import { colors, type Look, symbols } from './look.ts';
import { cut, widthOf, wrap } from './text.ts';
import { amount, duration, timeOfDay } from './units.ts';

/** What is wrong with a fleet or a load balancer: what to do about it is at the end. */
const MAX_DETAIL_LINES = 4;

/** The fleet, and for each load balancer its state, addresses and traffic. */
export function renderHeader(status: FleetStatus, look: Look): readonly string[] {
  const { bold, dim, yellow } = colors(look);
  const down = status.mode === 'down' ? ['ending everything'] : [];
  const left: Part[] = [
    { text: 'drover', style: bold },
    status.fleet === ''
      ? { text: 'no fleet yet: drover apply <file>', style: yellow }
      : { text: clean(status.fleet), style: bold.cyan },
    ...down.map((text) => ({ text, style: yellow })),
  ];
  const right: Part[] = [
    { text: `up ${duration(look.now - status.startedAt)}`, style: dim },
    { text: `controller pid ${status.pid}`, style: dim },
    { text: timeOfDay(look.now), style: dim },
  ];
  return [
    spread(left, right, look),
    ...troubles(status, look),
    ...status.loadBalancers.flatMap((each) => loadBalancerLines(each, look)),
  ];
}

/** What is wrong with the fleet as a whole. */
function troubles({ pending, defects }: FleetStatus, look: Look): readonly string[] {
  const met = count(defects, 'programming error');
  const ofDrover = `${met} in Drover itself since its start; \`drover activities --level error\` says what it hit.`;
  return [...pending, ...(defects === 0 ? [] : [ofDrover])].flatMap((text) =>
    wrap(clean(asTyped(text, look.program)), look.columns - 3, MAX_DETAIL_LINES, symbols(look).cut).map((line) =>
      colors(look).red(`   ${line}`),
    ),
  );
}

function loadBalancerLines(loadBalancer: LoadBalancerStatus, look: Look): readonly string[] {
  const { bold, cyan, dim, green, red, yellow } = colors(look);
  const running = loadBalancer.state === 'running';
  const style = running ? green : loadBalancer.state === 'starting' ? yellow : red;
  const version = loadBalancer.version === null ? '' : ` ${clean(loadBalancer.version)}`;
  const left: Part[] = [
    { text: symbols(look).state.inService, style },
    { text: clean(loadBalancer.name), style: bold },
    { text: `HAProxy${version}` },
    { text: loadBalancer.state, style },
  ];
  const stats = loadBalancer.statsUrl;
  const right: Part[] =
    stats === null
      ? []
      : [
          { text: 'stats', style: dim },
          { text: clean(stats), style: cyan },
        ];
  const detail =
    loadBalancer.detail === ''
      ? []
      : wrap(clean(loadBalancer.detail), look.columns - 3, MAX_DETAIL_LINES, symbols(look).cut).map((line) =>
          red(`   ${line}`),
        );
  return [
    spread(left, right, look),
    ...detail,
    ...loadBalancer.listeners.map((listener) => listenerLine(loadBalancer, listener, look)),
  ];
}

function listenerLine(
  loadBalancer: LoadBalancerStatus,
  listener: LoadBalancerStatus['listeners'][number],
  look: Look,
): string {
  const { cyan } = colors(look);
  const group = loadBalancer.targetGroups.find(({ name }) => name === listener.targetGroup);
  const left: Part[] = [
    { text: ' ' },
    { text: clean(listener.url), style: cyan },
    { text: `${symbols(look).arrow} ${clean(listener.targetGroup)}` },
  ];
  return spread(left, group === undefined ? [] : traffic(group, look), look);
}

function traffic(group: TargetGroupStatus, look: Look): Part[] {
  const { bold, dim, green, red, yellow } = colors(look);
  const healthy = group.healthy === 0 ? red : group.healthy < group.total ? yellow : green;
  const errors = { text: `${amount(group.errors5xxPerSecond)} errors/s`, style: red };
  const queued = { text: `${amount(group.queuedRequests)} queued`, style: yellow };
  return [
    { text: `${group.healthy} of ${group.total} healthy`, style: healthy },
    { text: `${amount(group.requestsPerSecond)} req/s`, style: bold },
    ...(group.errors5xxPerSecond === 0 ? [] : [errors]),
    ...(group.queuedRequests === 0 ? [] : [queued]),
    { text: `${amount(group.openRequests)} open`, style: dim },
  ];
}

interface Part {
  readonly text: string;
  readonly style?: (text: string) => string;
}

/** On a wider terminal what belongs together would be too far apart. */
const MAX_SPREAD_COLUMNS = 120;

/** Parts at the left and at the right edge; those at the right give way, from their left, where both do not fit. */
function spread(left: readonly Part[], right: readonly Part[], look: Look): string {
  const width = Math.min(look.columns, MAX_SPREAD_COLUMNS);
  const start = plain(left);
  const kept = [...right];
  while (kept.length > 0 && widthOf(start) + 2 + widthOf(plain(kept)) > width) kept.shift();
  if (kept.length === 0) return widthOf(start) <= width ? styled(left) : cut(start, width, '');
  const gap = ' '.repeat(width - widthOf(start) - widthOf(plain(kept)));
  return styled(left) + gap + styled(kept);
}

function plain(parts: readonly Part[]): string {
  return parts.map(({ text }) => text).join(GAP);
}

function styled(parts: readonly Part[]): string {
  return parts.map(({ text, style }) => (style === undefined ? text : style(text))).join(GAP);
}

const GAP = '  ';

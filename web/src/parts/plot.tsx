import { useEffect, useRef, useSyncExternalStore } from 'react';
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import type { Values } from '../history.ts';
import { colourOf, onThemeChange } from './colours.ts';

export interface Line {
  readonly label: string;
  readonly token: string;
  readonly values: Values;
  readonly step?: boolean;
  readonly dashed?: boolean;
  readonly filled?: boolean;
  readonly thin?: boolean;
}

export interface Mark {
  readonly at: number;
  readonly level: 'info' | 'warning' | 'error';
}

export interface PlotProps {
  /** In words, for who cannot see it. */
  readonly label: string;
  /** Milliseconds since the epoch. */
  readonly times: readonly number[];
  readonly from: number;
  readonly to: number;
  readonly lines: readonly Line[];
  readonly marks?: readonly Mark[];
  readonly height: number;
  readonly unit: (value: number) => string;
  readonly onZoom: (from: number, to: number) => void;
  /** The index that the pointer is at; null beside the plot. */
  readonly onPoint: (index: number | null) => void;
}

const SYNC = 'group';
const AXIS_PX = 52;
let themes = 0;

/** Lines over time on a canvas. Plots that are shown together share one pointer. */
export function Plot(props: PlotProps) {
  const place = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const latest = useRef(props);
  latest.current = props;
  const theme = useSyncExternalStore(
    (listener) =>
      onThemeChange(() => {
        themes += 1;
        listener();
      }),
    () => themes,
  );
  const shape = props.lines.map(({ label, token, step, dashed }) => `${label} ${token} ${step} ${dashed}`).join('|');

  // biome-ignore lint/correctness/useExhaustiveDependencies: made anew only for other lines or colours; data comes below
  useEffect(() => {
    const element = place.current;
    if (element === null) return;
    const made = new uPlot(optionsOf(latest, element.clientWidth), dataOf(latest.current), element);
    plot.current = made;
    const resize = new ResizeObserver(() =>
      made.setSize({ width: element.clientWidth, height: latest.current.height }),
    );
    resize.observe(element);
    return () => {
      resize.disconnect();
      made.destroy();
      plot.current = null;
    };
  }, [shape, theme]);

  useEffect(() => {
    const made = plot.current;
    if (made === null) return;
    made.setData(dataOf(props), false);
    made.setScale('x', { min: props.from / 1_000, max: props.to / 1_000 });
  });
  return <div ref={place} className="chart" role="img" aria-label={props.label} />;
}

function dataOf({ times, lines }: PlotProps): uPlot.AlignedData {
  return [times.map((at) => at / 1_000), ...lines.map(({ values }) => [...values])];
}

function optionsOf(latest: { readonly current: PlotProps }, width: number): uPlot.Options {
  const { lines, height, unit } = latest.current;
  const axis = {
    stroke: colourOf('--muted'),
    font: '11px system-ui',
    grid: { stroke: colourOf('--line'), width: 1 },
    ticks: { show: false },
  };
  return {
    width,
    height,
    padding: [8, 22, 0, 0],
    cursor: { sync: { key: SYNC }, points: { size: 6 }, drag: { x: true, y: false, setScale: false } },
    legend: { show: false },
    scales: { x: { time: true }, y: { range: (_, __, most) => [0, Math.max(1, most * 1.12)] } },
    axes: [
      { ...axis, size: 26, values: TIME_LABELS },
      { ...axis, size: AXIS_PX, values: (_, splits) => splits.map(unit) },
    ],
    series: [{}, ...lines.map(seriesOf)],
    hooks: {
      setSelect: [
        (plot) => {
          const { left, width: chosen } = plot.select;
          if (chosen < 8) return;
          latest.current.onZoom(plot.posToVal(left, 'x') * 1_000, plot.posToVal(left + chosen, 'x') * 1_000);
          plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
        },
      ],
      setCursor: [(plot) => latest.current.onPoint(plot.cursor.idx ?? null)],
      draw: [(plot) => drawMarks(plot, latest.current.marks ?? [])],
    },
  };
}

/** Times of day as people here write them. */
const TIME_LABELS: uPlot.Axis.DynamicValues = (_, splits, __, ___, stepS) =>
  splits.map((split) => {
    const at = new Date(split * 1_000);
    const clock = `${String(at.getHours()).padStart(2, '0')}:${String(at.getMinutes()).padStart(2, '0')}`;
    if (stepS >= 86_400) return `${at.getDate()}.${at.getMonth() + 1}.`;
    return stepS < 60 ? `${clock}:${String(at.getSeconds()).padStart(2, '0')}` : clock;
  });

function seriesOf({ label, token, step, dashed, filled, thin }: Line): uPlot.Series {
  const stroke = colourOf(token);
  const stepped = step ? uPlot.paths.stepped?.({ align: 1 }) : undefined;
  return {
    label,
    stroke,
    width: thin ? 1 : 1.75,
    points: { show: false },
    ...(filled ? { fill: stroke.replace(/^rgb\((.*)\)$/, 'rgba($1, 0.12)') } : {}),
    ...(dashed ? { dash: [5, 4] } : {}),
    ...(stepped === undefined ? {} : { paths: stepped }),
  };
}

/** A small wedge at the foot for each activity. */
function drawMarks(plot: uPlot, marks: readonly Mark[]): void {
  const { ctx, bbox } = plot;
  const size = 5 * devicePixelRatio;
  const foot = bbox.top + bbox.height;
  const colours = { info: colourOf('--muted'), warning: colourOf('--draining'), error: colourOf('--unhealthy') };
  ctx.save();
  for (const { at, level } of marks) {
    const x = plot.valToPos(at / 1_000, 'x', true);
    if (x < bbox.left || x > bbox.left + bbox.width) continue;
    ctx.fillStyle = colours[level];
    ctx.beginPath();
    ctx.moveTo(x, foot - size * 1.4);
    ctx.lineTo(x + size * 0.8, foot);
    ctx.lineTo(x - size * 0.8, foot);
    ctx.fill();
  }
  ctx.restore();
}

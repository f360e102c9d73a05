import type { WhatIfPoint } from '../../views/what-if.ts';

/** As many points as there is room for: of several, the highest load and sizes, and the time of the first. */
export function thin(points: readonly WhatIfPoint[], room: number): readonly WhatIfPoint[] {
  if (points.length <= room) return points;
  return Array.from({ length: room }, (_, index): WhatIfPoint => {
    const from = Math.floor((index * points.length) / room);
    const some = points.slice(from, Math.floor(((index + 1) * points.length) / room));
    const loads = some.flatMap(({ load }) => (load === null ? [] : [load]));
    return {
      at: some[0]?.at ?? 0,
      load: loads.length === 0 ? null : Math.max(...loads),
      desired: Math.max(...some.map(({ desired }) => desired)),
      inService: Math.max(...some.map(({ inService }) => inService)),
    };
  });
}

/** How things look on a terminal: its size, its colours, its symbols. */

import { Chalk, type ChalkInstance } from 'chalk';
import type { ChangeKind } from '../../fleet/change.ts';
import type { ActivityLevel } from '../../model/activity.ts';
import type { InstanceStateName } from '../../model/instance.ts';
import type { EpochMs } from '../../model/time.ts';

export interface Look {
  readonly columns: number;
  /** `Infinity` where everything may be shown. */
  readonly rows: number;
  readonly color: boolean;
  /** Whether the terminal shows more than ASCII. */
  readonly unicode: boolean;
  readonly now: EpochMs;
  /** How drover is called here, so that a command that is shown can be typed as it is: `drover`, or `drover --data FOLDER`. */
  readonly program: string;
}

/** The terminal's own sixteen colours, so that they fit its theme. */
export function colors(look: Pick<Look, 'color'>): ChalkInstance {
  return look.color ? IN_COLOR : PLAIN;
}

const IN_COLOR = new Chalk({ level: 1 });
const PLAIN = new Chalk({ level: 0 });

export interface Symbols {
  readonly state: Record<InstanceStateName, string>;
  readonly level: Record<ActivityLevel, string>;
  readonly bar: {
    readonly inService: string;
    readonly pending: string;
    readonly ending: string;
    readonly free: string;
  };
  readonly change: Record<ChangeKind, string>;
  readonly unhealthy: string;
  readonly hold: string;
  readonly arrow: string;
  readonly range: string;
  readonly none: string;
  readonly cut: string;
}

export function symbols(look: Pick<Look, 'unicode'>): Symbols {
  return look.unicode ? UNICODE : ASCII;
}

const UNICODE: Symbols = {
  state: {
    launching: '○',
    probing: '◔',
    booting: '◐',
    inService: '●',
    draining: '◒',
    terminating: '◌',
    terminated: '◌',
  },
  level: { info: '·', warning: '▲', error: '✖' },
  bar: { inService: '■', pending: '□', ending: '▫', free: '·' },
  change: { create: '+', change: '~', replace: '±', destroy: '-' },
  unhealthy: '✖',
  hold: '▸',
  arrow: '→',
  range: '–',
  none: '–',
  cut: '…',
};

const ASCII: Symbols = {
  state: {
    launching: 'o',
    probing: '?',
    booting: '+',
    inService: '*',
    draining: '-',
    terminating: '.',
    terminated: '.',
  },
  level: { info: '-', warning: '!', error: 'x' },
  bar: { inService: '#', pending: '+', ending: '-', free: '.' },
  change: { create: '+', change: '~', replace: '-/+', destroy: '-' },
  unhealthy: 'x',
  hold: '>',
  arrow: '->',
  range: '-',
  none: '-',
  cut: '...',
};

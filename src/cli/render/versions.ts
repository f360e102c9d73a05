import { stringify } from 'yaml';
import { count } from '../../base/plural.ts';
import { hiddenValues } from '../../fleet/file/shown-document.ts';
import type { FleetOrigin } from '../../model/fleet-version.ts';
import type { FleetVersions, ShownFleetVersion } from '../../views/fleet-versions.ts';
import { asTyped } from './as-typed.ts';
import { clean } from './clean.ts';
import { colors, type Look, symbols } from './look.ts';
import { renderTable } from './table.ts';
import { wrapIndented } from './text.ts';
import { dateAndTime } from './units.ts';

const LINE_WIDTH = 120;

/** The versions, the newest first, and who owns the fleet. */
export function renderVersions({ owner, versions }: FleetVersions, look: Look): readonly string[] {
  const { bold, dim } = colors(look);
  const { cut } = symbols(look);
  const columns = [
    { title: 'VERSION', align: 'right' as const },
    { title: 'TIME' },
    { title: 'FROM', minWidth: 16, wraps: true },
    { title: 'DIGEST' },
  ];
  const rows = versions.map(({ number, at, origin, digest }, index) => [
    { text: String(number), ...(index === 0 ? { style: bold } : {}) },
    { text: dateAndTime(at) },
    { text: clean(originInWords(origin)) },
    { text: clean(digest), style: dim },
  ]);
  const ownership =
    owner.kind === 'file'
      ? `The file ${clean(owner.path)} owns the fleet: change it there, then use \`drover apply\`.`
      : 'The API owns the fleet: `drover apply <file>` changes it.';
  return [
    ...renderTable(columns, rows, { width: look.columns, title: dim, cut }),
    ...wrapIndented(asTyped(ownership, look.program), look.columns, '', cut),
  ];
}

function originInWords(origin: FleetOrigin): string {
  switch (origin.kind) {
    case 'file':
      return origin.path;
    case 'api':
      return `API: ${origin.caller}`;
    case 'rollback':
      return `version ${origin.to}, brought back by ${origin.caller}`;
  }
}

/** A version as a fleet file, and what to know before it is used as one. */
export function renderDocument({ number, at, origin, document }: ShownFleetVersion): {
  readonly yaml: string;
  readonly notes: readonly string[];
} {
  const yaml = stringify(document.content, { lineWidth: LINE_WIDTH }).trimEnd();
  const hidden = hiddenValues(document.content).length;
  return {
    yaml: yaml.split('\n').map(clean).join('\n'),
    notes: [
      `Version ${number}, of ${dateAndTime(at)}, from ${clean(originInWords(origin))}. Relative paths start in ${clean(document.baseDir)}.`,
      ...(hidden === 0
        ? []
        : [
            `${count(hidden, 'value')} that may be secret stand there as (not shown): write the values in before you use it as a fleet file.`,
          ]),
    ],
  };
}

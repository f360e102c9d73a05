import { styleText } from 'node:util';
import { withoutCredentials } from '../../base/credentials.ts';
import { formatPath, type Path } from '../../settings/path.ts';
import { shownKey } from '../../settings/public.ts';

/** One thing that is wrong with a fleet file, for a person to mend. */
export interface FleetFileError {
  readonly file: string;
  /** From 1. */
  readonly line: number;
  /** From 1, in UTF-16 units. */
  readonly column: number;
  /** Empty where the whole file is meant. */
  readonly path: string;
  /** The text or number found there, shortened; null for anything else and where nothing was found. */
  readonly value: string | null;
  /** What is wrong and what would be right. */
  readonly message: string;
  /** The line itself, shortened, safe to print; empty where there is none, and where it may hold a secret. */
  readonly source: string;
}

const MAX_SOURCE_CHARACTERS = 120;
const MAX_VALUE_CHARACTERS = 60;

export interface Finding {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly path: Path;
  readonly value: unknown;
  readonly message: string;
  readonly source: string;
}

export function fleetFileError(finding: Finding): FleetFileError {
  return {
    file: printable(finding.file),
    line: finding.line,
    column: finding.column,
    path: printable(formatPath(shownPath(finding.path))),
    value: isScalar(finding.value)
      ? shorten(withoutCredentials(printable(String(finding.value))), MAX_VALUE_CHARACTERS)
      : null,
    message: withoutCredentials(printable(finding.message)),
    source: shorten(withoutCredentials(printable(finding.source)), MAX_SOURCE_CHARACTERS),
  };
}

const NAMED = ['loadBalancers', 'targetGroups', 'autoScalingGroups'];
const NAMED_IN_GROUP = ['metrics', 'scalingPolicies', 'scheduledActions'];
const MAX_NAME_CHARACTERS = 64;

/** Whether a path ends in a name that somebody has given: names are public, also one that is not valid. */
export function isName(path: Path): boolean {
  const [top = '', , kind = ''] = path;
  if (path.length === 2) return NAMED.includes(String(top));
  return path.length === 4 && top === 'autoScalingGroups' && NAMED_IN_GROUP.includes(String(kind));
}

function shownPath(path: Path): Path {
  return path.map((part, index) =>
    typeof part === 'string' && isName(path.slice(0, index + 1)) ? shorten(part, MAX_NAME_CHARACTERS) : shownKey(part),
  );
}

function isScalar(value: unknown): boolean {
  return ['string', 'number', 'boolean', 'bigint'].includes(typeof value);
}

type Style = (format: 'bold' | 'cyan' | 'dim' | 'red', text: string) => string;
const plain: Style = (_format, text) => text;
const colored: Style = (format, text) => styleText(format, text, { validateStream: false });

/** `fleet.yaml:12:5  autoScalingGroups.web.minSize: 5  it must be ...`: one line, for records and answers to programs. */
export function describeError(error: FleetFileError): string {
  return headline(error, plain);
}

/** The same for what is not in a file: `autoScalingGroups.web.minSize: 5  it must be ...` */
export function describeWithoutPlace({ path, value, message }: FleetFileError): string {
  if (path === '') return message;
  return `${path}${value === null ? '' : `: ${value}`}  ${message}`;
}

/**
 * The errors as lines for a terminal, each followed by its place in the file:
 *
 *     fleet.yaml:12:5  autoScalingGroups.web.minSize: 5  minSize is more than maxSize (3); lower it, or raise maxSize
 *       12 |     minSize: 5
 *          |     ^
 */
export function formatErrors(errors: readonly FleetFileError[], options: { readonly color?: boolean } = {}): string {
  const style = options.color === true ? colored : plain;
  return errors.map((error) => `${headline(error, style)}${excerpt(error, style)}`).join('\n');
}

function headline({ file, line, column, path, value, message }: FleetFileError, style: Style): string {
  const place = style('bold', `${file}:${line}:${column}`);
  if (path === '') return `${place}  ${message}`;
  return `${place}  ${style('cyan', path)}${value === null ? '' : `: ${value}`}  ${message}`;
}

function excerpt({ line, column, source }: FleetFileError, style: Style): string {
  if (source.trim() === '') return '';
  const number = String(line).padStart(4);
  const shown = `\n${style('dim', `  ${number} | `)}${source}`;
  if (column > source.length + 1) return shown;
  const margin = style('dim', `  ${' '.repeat(number.length)} | `);
  return `${shown}\n${margin}${' '.repeat(column - 1)}${style('red', '^')}`;
}

/** A terminal obeys control characters; each becomes a space, which also keeps the caret in its column. */
function printable(text: string): string {
  return text.replaceAll(/\p{Cc}|\p{Cf}|\p{Zl}|\p{Zp}/gu, ' ');
}

function shorten(text: string, characters: number): string {
  return text.length <= characters ? text : `${text.slice(0, characters - 1)}…`;
}

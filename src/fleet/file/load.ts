import { dirname } from 'node:path';
import { type Fleet, PACKAGE_TYPE } from '../../model/fleet.ts';
import type { FleetDocument } from '../../model/fleet-version.ts';
import type { Json, JsonObject } from '../../model/json.ts';
import { type Problem, parseExplained } from '../../settings/explain.ts';
import { type Path, valueAt } from '../../settings/path.ts';
import { type IsPublic, shownKey } from '../../settings/public.ts';
import type {
  NotifierSchemaSource,
  ProviderSchemaSource,
  SettingsSchemaSource,
} from '../../settings/settings-schema.ts';
import { checkFleet } from './checks.ts';
import { type FleetFileError, fleetFileError, isName } from './errors.ts';
import { publicInFleet } from './json-schema.ts';
import { providersIn } from './provider-instance.ts';
import { fleetFileSchema } from './schema.ts';
import { hiddenValues } from './shown-document.ts';
import { type Place, readYaml, type WrittenScalar } from './yaml.ts';

export type { FleetFileError } from './errors.ts';

export const MAX_FLEET_FILE_BYTES = 256 * 1024;
/** More of them help nobody: the first ones are mended first. */
const MAX_ERRORS = 50;

export interface FleetFileInput {
  /** The file's content; bytes are decoded as UTF-8. */
  readonly text: string | Uint8Array;
  /** The absolute path that it was read from: relative paths in it start from its folder. */
  readonly path: string;
  readonly providers: ReadonlyMap<string, ProviderSchemaSource>;
  /** Adds the type of a package (`npm:NAME`) to `providers`. Without it there are none. @returns why it cannot be used; null if it can */
  readonly usePackage?: (type: string) => string | null;
  /** Metric sources, by name. */
  readonly sources: ReadonlyMap<string, SettingsSchemaSource>;
  /** Types of notifications, by name. Without it there are none. */
  readonly notifiers?: ReadonlyMap<string, NotifierSchemaSource>;
}

/** What there is to be named in a fleet file. */
export type KnownTypes = Pick<FleetFileInput, 'providers' | 'usePackage' | 'sources' | 'notifiers'>;

export interface ValidFleetFile {
  readonly ok: true;
  readonly fleet: Fleet;
  readonly document: FleetDocument;
  /** Problems that are no errors, with their places in the file. */
  locate(problems: readonly Problem[]): readonly FleetFileError[];
}

export type FleetFileResult = ValidFleetFile | { readonly ok: false; readonly errors: readonly FleetFileError[] };

/** Validates a fleet file. Never throws; an error in one place does not hide those in others of the same kind. */
export function parseFleet(input: FleetFileInput): FleetFileResult {
  const text = decode(input.text);
  if (text === null) return refuse(input.path, [notUtf8(input.text)]);
  if (Buffer.byteLength(text) > MAX_FLEET_FILE_BYTES) {
    const message = `it is larger than ${MAX_FLEET_FILE_BYTES / 1024} KiB, the most that is read`;
    return refuse(input.path, [{ path: [], message }]);
  }
  const yaml = readYaml(text);
  if ('problems' in yaml) return refuse(input.path, yaml.problems);

  const { value, place, scalars } = yaml.file;
  if (value === null) {
    return refuse(input.path, [{ path: [], message: 'it is empty; docs/fleet-file.md shows what belongs in it' }]);
  }
  return validate(value as Json, dirname(input.path), input, input.path, {
    place,
    lines: text.split('\n'),
    scalars,
  });
}

/**
 * Validates what was read before, or never was a file. Errors say where by the path alone.
 * @param name what it is called in errors
 */
export function readDocument({ content, baseDir }: FleetDocument, known: KnownTypes, name: string): FleetFileResult {
  return validate(content, baseDir, known, name, { place: () => ({ line: 1, column: 1 }), lines: [], scalars: [] });
}

interface Written {
  readonly place: (path: Path) => Place;
  readonly lines: readonly string[];
  readonly scalars: readonly WrittenScalar[];
}

function validate(
  content: Json,
  baseDir: string,
  { providers, usePackage, sources, notifiers = new Map() }: KnownTypes,
  name: string,
  { place, lines, scalars }: Written,
): FleetFileResult {
  const instances = providersIn(content);
  const refusedPackages = refusedOf(instances, usePackage);
  const schema = fleetFileSchema({ providers, refusedPackages, sources, notifiers, instances, baseDir });
  const hidden = hiddenValues(content);
  const parsed = hidden.length > 0 ? { problems: hidden } : parseExplained(schema, content);
  const problems = 'problems' in parsed ? parsed.problems : checkFleet(parsed.value, providers);
  const locate = (found: readonly Problem[]) => {
    const located = found.map((problem) => ({
      ...problem,
      place: place(problem.path),
      value: valueAt(content, problem.path),
    }));
    return fleetFileErrors(name, located, {
      lines,
      scalars,
      isPublic: publicInFleet({ providers, sources, notifiers }, content),
    });
  };
  if ('value' in parsed && problems.length === 0) {
    return { ok: true, fleet: parsed.value, document: { content: content as JsonObject, baseDir }, locate };
  }
  return { ok: false, errors: locate(problems) };
}

/** What the packages are refused for that the file names, by their types. */
function refusedOf(
  instances: readonly { readonly type: string }[],
  usePackage: KnownTypes['usePackage'] = () => 'packages are not loaded here',
): ReadonlyMap<string, string> {
  const named = new Set(instances.map(({ type }) => type).filter((type) => type.startsWith(PACKAGE_TYPE)));
  return new Map(
    [...named].flatMap((type): [string, string][] => {
      const why = usePackage(type);
      return why === null ? [] : [[type, why]];
    }),
  );
}

/** The result for a file that cannot be read at all; `why` goes on after `it cannot be read: `. */
export function unreadableFleet(path: string, why: string): FleetFileResult {
  return refuse(path, [{ path: [], message: `it cannot be read: ${why}` }]);
}

function decode(text: string | Uint8Array): string | null {
  if (typeof text === 'string') return text;
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(text);
  } catch {
    return null;
  }
}

/** Says where the first byte is that is none of UTF-8. */
function notUtf8(bytes: string | Uint8Array): LocatedProblem {
  const isUtf16 = (bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] === 0xfe && bytes[1] === 0xff);
  if (isUtf16) return { message: 'it is UTF-16 text; save it as UTF-8' };
  const before = String(new TextDecoder().decode(Buffer.from(bytes))).split('\u{fffd}', 1)[0] ?? '';
  const lines = before.split('\n');
  const place = { line: lines.length, column: (lines.at(-1)?.length ?? 0) + 1 };
  return { place, message: 'here is a byte that is not UTF-8 text; save the file as UTF-8' };
}

interface LocatedProblem {
  readonly message: string;
  readonly path?: Path;
  readonly place?: Place;
  readonly value?: unknown;
}

/** What may be shown of a file whose structure is known. */
interface Excerpts {
  readonly lines: readonly string[];
  readonly scalars: readonly WrittenScalar[];
  readonly isPublic: IsPublic;
}

const NOTHING: Excerpts = { lines: [], scalars: [], isPublic: () => false };

/** Nothing of the file is shown: as long as its structure is not known, nor is what is public in it. */
function refuse(file: string, problems: readonly LocatedProblem[]): FleetFileResult {
  return { ok: false, errors: fleetFileErrors(file, problems, NOTHING) };
}

/** In the order of their places. */
function fleetFileErrors(file: string, problems: readonly LocatedProblem[], excerpts: Excerpts): FleetFileError[] {
  const { lines, scalars, isPublic } = excerpts;
  const hidden = new Set(scalars.filter((scalar) => !mayBeShown(scalar, isPublic)).flatMap(linesOf));
  const errors = problems.slice(0, MAX_ERRORS).map(({ message, path = [], place = { line: 1, column: 1 }, value }) => {
    const isAliased = scalars.some((scalar) => scalar.isAlias && isWithin(path, scalar.path));
    const source = hidden.has(place.line) ? '' : withoutComment(lines[place.line - 1] ?? '');
    return fleetFileError({
      file,
      ...place,
      path,
      message,
      value: isPublic(path) && !isAliased ? value : null,
      source,
    });
  });
  return errors.sort((a, b) => a.line - b.line || a.column - b.column);
}

/** An alias shows its name alone; what it stands for is elsewhere in the file. */
function mayBeShown({ path, isKey }: WrittenScalar, isPublic: IsPublic): boolean {
  return isKey ? isName(path) || shownKey(path.at(-1) ?? '') === path.at(-1) : isPublic(path);
}

function linesOf({ firstLine, lastLine }: WrittenScalar): number[] {
  return Array.from({ length: lastLine - firstLine + 1 }, (_, index) => firstLine + index);
}

function isWithin(path: Path, outer: Path): boolean {
  return outer.every((part, index) => path[index] === part);
}

/** A comment belongs to no key. A # in quotes cuts no more than it has to. */
function withoutComment(line: string): string {
  return line.replace(/(?:^|\s)#.*$/, '').trimEnd();
}

/** One line of what Vagrant prints with `--machine-readable`: `timestamp,target,type,data...`. */
interface Line {
  readonly type: string;
  readonly data: readonly string[];
}

export interface VagrantError {
  /** The class of Vagrant's error, such as `Vagrant::Errors::MachineActionLockedError`. */
  readonly kind: string;
  readonly message: string;
}

const COMMA = /%!\(VAGRANT_COMMA\)/g;

/**
 * What Vagrant has printed, line by line. Commas and line breaks inside of the data are written otherwise there. Anything else on its
 * standard output (a plugin's warning, a line that was cut off) is no line of it and is left out.
 */
export function parseLines(output: string): readonly Line[] {
  return output.split(/\r?\n/).flatMap((text) => {
    if (!/^\d+,/.test(text)) return [];
    const [, , type, ...data] = text.split(',');
    return type === undefined ? [] : [{ type, data: data.map(decoded) }];
  });
}

/** The error that Vagrant has ended with; null where it names none. */
export function errorIn(lines: readonly Line[]): VagrantError | null {
  const line = lines.findLast(({ type }) => type === 'error-exit');
  if (line === undefined) return null;
  const [kind = '', ...message] = line.data;
  return { kind, message: message.join(', ') };
}

/** The last line that something other than Vagrant has printed by way of it: a provisioning script. */
export function lastDetail(lines: readonly Line[]): string {
  const details = lines.flatMap(({ type, data: [kind = '', text = ''] }) =>
    type === 'ui' && kind === 'detail' ? [text.replace(/^\s*\S+: /, '').trim()] : [],
  );
  return details.findLast((text) => text !== '') ?? '';
}

/** The values of all lines of a type, in order. */
export function valuesOf(lines: readonly Line[], type: string): readonly string[] {
  return lines.flatMap((line) => (line.type === type ? [line.data[0] ?? ''] : []));
}

export interface Box {
  readonly name: string;
  readonly provider: string;
}

/** What `vagrant box list` names: a name, and the provider and the version of it. */
export function boxesIn(lines: readonly Line[]): readonly Box[] {
  const boxes: Box[] = [];
  let name = '';
  for (const { type, data } of lines) {
    if (type === 'box-name') name = data[0] ?? '';
    if (type === 'box-provider') boxes.push({ name, provider: data[0] ?? '' });
  }
  return boxes;
}

function decoded(text: string): string {
  return text.replaceAll(COMMA, ',').replaceAll('\\n', '\n').replaceAll('\\r', '');
}

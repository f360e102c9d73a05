import { yamlText } from '../../base/yaml-text.ts';
import type { StarterParts } from '../../model/starter.ts';
import { wrap } from '../render/text.ts';

/** What every fleet file says, whatever its servers are. Numbers are as a person has written them: the schema judges them. */
export interface CommonAnswers {
  readonly provider: string;
  readonly name: string;
  readonly port: string;
  readonly healthPath: string;
  readonly servers: string;
}

/** The name of the load balancer, the target group and the group of a first fleet file. */
const NAME = 'web';
const COMMENT_COLUMNS = 118;
/** Of a comment: more than any sentence needs. */
const MAX_COMMENT_LINES = 20;

/** A first fleet file, with what each part is for. */
export function fleetText(common: CommonAnswers, parts: StarterParts): string {
  const { provider, name, port, healthPath, servers } = common;
  const wanted = Number(servers);
  const maxSize = parts.maxServers ?? Math.max(wanted * 2, wanted + 1);
  const entry = parts.provider.length === 0 ? provider : ownName(provider);
  const sections: readonly (readonly string[])[] = [
    [
      ...comment(
        'The fleet file of Drover: what runs, and how requests reach it. `drover validate` checks it, `drover run` runs it, and `drover apply` shows and applies what you change in it. Every key is described in docs/fleet-file.md.',
      ),
      ...(parts.before.length === 0 ? [] : ['#', '# Before it runs:']),
      ...parts.before.flatMap((sentence) => comment(sentence, '- ')),
    ],
    [`fleet: ${yamlText(name)}`],
    ...(parts.provider.length === 0
      ? []
      : [['# Where servers come from.', 'providers:', `  ${entry}:`, ...indent(parts.provider, 4)]]),
    [
      '# Where requests come in: one HAProxy for each load balancer.',
      'loadBalancers:',
      `  ${NAME}:`,
      '    listeners:',
      `      - port: ${number(port)} # on this host only; \`address: 0.0.0.0\` opens it to others`,
      `        targetGroup: ${NAME}`,
    ],
    [
      '# Which servers may have requests, and how one is chosen.',
      'targetGroups:',
      `  ${NAME}:`,
      ...(parts.port === null ? [] : [`    port: ${parts.port} # of each server`]),
      '    healthCheck:',
      `      path: ${yamlText(healthPath)} # a server gets requests once this answers well, and is replaced when it no longer does`,
      '      matcher: 200-399',
      '    deregistrationDelay: 30s # how long a server that leaves may finish its open requests',
    ],
    [
      '# How many servers there are, and what one is.',
      'autoScalingGroups:',
      `  ${NAME}:`,
      `    targetGroups: [${NAME}]`,
      `    minSize: ${Math.min(1, wanted) || 0}`,
      `    maxSize: ${Number.isSafeInteger(maxSize) ? maxSize : number(servers)} # ${roomFor(maxSize, wanted)}`,
      `    desiredCapacity: ${number(servers)} # \`drover set-desired ${NAME} <number>\` changes it while it runs`,
      ...indent(parts.group, 4),
      '    launchTemplate:',
      `      provider: ${entry}`,
      ...indent(parts.launchTemplate, 6),
    ],
  ];
  return `${sections.map((lines) => lines.join('\n')).join('\n\n')}\n`;
}

function roomFor(maxSize: number, wanted: number): string {
  return maxSize > wanted
    ? 'room for more, and for a replacement before a server leaves'
    : 'all there are; with one more than desired, a replacement comes before a server leaves';
}

/** An entry of `providers` has a name of its own beside the types' names. */
function ownName(type: string): string {
  return `my-${type}`;
}

/** What is no number is written as text, so that the schema says what is wrong with it. */
function number(text: string): string {
  return /^\d+$/.test(text) ? text : JSON.stringify(text);
}

function indent(lines: readonly string[], columns: number): readonly string[] {
  return lines.map((line) => ' '.repeat(columns) + line);
}

function comment(text: string, mark = ''): readonly string[] {
  const lead = mark === '' ? '# ' : `#   ${mark}`;
  const more = mark === '' ? '# ' : `#   ${' '.repeat(mark.length)}`;
  return wrap(text, COMMENT_COLUMNS, MAX_COMMENT_LINES, '').map((line, index) => (index === 0 ? lead : more) + line);
}

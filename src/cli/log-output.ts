import { clean } from './render/clean.ts';
import { type Terminal, wantsColor } from './terminal.ts';

export const LOG_FORMATS = ['json', 'pretty'] as const;
export type LogFormat = (typeof LOG_FORMATS)[number];

/** What writes the log's lines to standard output. @returns what takes a line of JSON, with its end */
export async function logOutput(format: LogFormat, { stdout, env }: Terminal): Promise<(line: string) => void> {
  switch (format) {
    case 'json':
      return (line) => void stdout.write(line.replaceAll(/[\u007f-\u009f]/g, escaped));
    case 'pretty': {
      const { prettyFactory } = await import('pino-pretty');
      const pretty = prettyFactory({
        colorize: wantsColor(stdout, env),
        translateTime: 'SYS:HH:MM:ss.l',
        ignore: 'span_id,parent_id',
        singleLine: true,
      });
      return (line) => void stdout.write(pretty(JSON.parse(line, cleaned)));
    }
  }
}

function escaped(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}

/** Messages are about what came from outside. The lines of a stack stay. */
function cleaned(_key: string, value: unknown): unknown {
  return typeof value === 'string' ? value.split('\n').map(clean).join('\n') : value;
}

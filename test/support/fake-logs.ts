import { setTimeout as delay } from 'node:timers/promises';
import type { FleetService, LogLine, LogsOf } from '../../src/control/service.ts';
import type { LogsWanted } from '../../src/ports/provider.ts';

/** Each server says hello; where it is followed, the first one says more, in red. */
export async function* fakeLogs(
  service: Pick<FleetService, 'status'> & { readonly calls: string[] },
  of: LogsOf,
  { lines, follow }: LogsWanted,
  signal: AbortSignal,
): AsyncGenerator<LogLine> {
  service.calls.push(`logs ${JSON.stringify(of)} ${lines} ${follow}`);
  const instances = service.status().groups.flatMap((group) => group.instances);
  const chosen = instances.filter(({ id }) => 'group' in of || id === of.instance);
  for (const { id } of chosen) if (lines > 0) yield { instance: id, text: `hello from ${id}` };
  while (follow && !signal.aborted) {
    await delay(5);
    yield { instance: chosen[0]?.id ?? '', text: '\u001b[31mmore\u001b[0m' };
  }
}

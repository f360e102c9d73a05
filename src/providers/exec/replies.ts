/** From what a program printed to what the contract says, or to an error that tells what is wrong with it. */

import type { z } from 'zod';
import { oneLine, quotedStart } from '../../base/quoted.ts';
import { type ProgramEnd, whyFailed } from '../../base/run-program.ts';
import type { Machine } from '../../model/observation.ts';
import { PortError } from '../../ports/errors.ts';
import type { MachineList } from '../../ports/provider.ts';
import { parseExplained } from '../../settings/explain.ts';
import { formatPath, isObject } from '../../settings/path.ts';
import { failureSchema, type replySchemas, type SaidMachine } from './protocol.ts';
import type { ExecSettings } from './settings.ts';

/** What is wrong with an answer; more of it helps nobody. */
const MAX_PROBLEMS = 5;

/** What a machine may say of itself. */
export interface Bounds extends Pick<ExecSettings, 'ports' | 'zones'> {
  readonly fleet: string;
}

/**
 * The one JSON object that a program printed, valid by `schema`.
 * @param asked program and verb, which begin each sentence
 * @throws PortError what its `error` says; `Transient` where it failed without one, or printed anything else
 */
export function replyOf<T>(end: ProgramEnd, schema: z.ZodType<T>, asked: string): T {
  const why = whyFailed(end);
  const printed = parse(end.output);
  if (isObject(printed) && 'error' in printed) throw saidError(printed, asked);
  if (why !== null) throw new PortError('Transient', 'failed', `${asked} ${why}`);
  if (printed === undefined) throw wrongReply(`${asked} ${wrongOutput(end)}`);
  return valid(schema, printed, asked);
}

function parse(output: string): unknown {
  try {
    // Without white space and the mark that some programs on Windows begin text with.
    return JSON.parse(output.trim());
  } catch {
    return undefined;
  }
}

function wrongOutput({ output, complaint }: ProgramEnd): string {
  const said = complaint === '' ? '' : `; its standard error ends with: ${complaint}`;
  if (output.trim() === '') return `prints nothing, where one JSON object is its answer${said}`;
  return `prints ${quotedStart(output.trim())}, which is not one JSON object; what is for people goes to standard error${said}`;
}

function saidError(printed: unknown, asked: string): PortError {
  const { reaction, code, message, retryAfterMs } = valid(failureSchema, printed, asked).error;
  const options = retryAfterMs === undefined ? {} : { retryAfterMs };
  return new PortError(reaction, code, `${asked} says: ${oneLine(message)}`, options);
}

function valid<T>(schema: z.ZodType<T>, printed: unknown, asked: string): T {
  const result = parseExplained(schema, printed);
  if ('value' in result) return result.value;
  const problems = result.problems.slice(0, MAX_PROBLEMS).map(({ path, message }) => {
    return path.length === 0 ? message : `${oneLine(formatPath(path))}: ${oneLine(message)}`;
  });
  throw wrongReply(`${asked} answers what docs/providers/exec.md does not allow: ${problems.join('; ')}`);
}

function wrongReply(message: string): PortError {
  return new PortError('Transient', 'reply', message);
}

/** @throws PortError `Transient` for a machine that is not the fleet's, or says what the settings do not allow */
export function machineOf(said: SaidMachine, bounds: Bounds, where: string): Machine {
  const { fleet, ports, zone, ...machine } = said;
  const refuse = (why: string) => wrongReply(`${where} (${quotedStart(said.id)}) ${why}`);
  if (fleet !== bounds.fleet) {
    throw refuse(`is of the fleet ${quotedStart(fleet)}; answer with machines of ${bounds.fleet} only`);
  }
  if (bounds.ports === 'direct' && ports !== undefined) {
    throw refuse('has ports; leave them out, or set ports: assigned for the provider');
  }
  if (zone === null ? bounds.zones.length > 0 : !bounds.zones.includes(zone)) {
    const known = bounds.zones.length === 0 ? 'the provider has none' : `its zones are ${bounds.zones.join(', ')}`;
    throw refuse(`is in the zone ${zone === null ? 'null' : quotedStart(zone)}; ${known}`);
  }
  return { ...machine, zone, detail: oneLine(machine.detail), ports: bounds.ports === 'direct' ? null : (ports ?? []) };
}

/** @throws PortError `Transient` for a list that would be one of a part, or of two machines for one */
export function listOf(
  { machines: said, unseenZones }: z.output<typeof replySchemas.list>,
  bounds: Bounds,
  asked: string,
): MachineList {
  const machines = said.map((one, index) => machineOf(one, bounds, `${asked}: machines[${index}]`));
  for (const key of ['id', 'instanceId'] as const) {
    const twice = repeated(machines.map((machine) => machine[key]));
    if (twice !== null) throw wrongReply(`${asked}: two machines have the ${key} ${quotedStart(twice)}`);
  }
  const unseen = new Map(Object.entries(unseenZones).map(([zone, why]) => [zone, oneLine(why)]));
  const unknown = [...unseen.keys()].find((zone) => !bounds.zones.includes(zone));
  if (unknown !== undefined) {
    throw wrongReply(`${asked}: unseenZones names ${quotedStart(unknown)}, which is no zone of the provider`);
  }
  const inside = machines.find(({ zone }) => zone !== null && unseen.has(zone));
  if (inside !== undefined) {
    throw wrongReply(
      `${asked}: ${quotedStart(inside.id)} is listed in ${inside.zone}, which unseenZones says is not seen`,
    );
  }
  return { machines, unseenZones: unseen };
}

function repeated(values: readonly string[]): string | null {
  const seen = new Set<string>();
  return values.find((value) => seen.size === seen.add(value).size) ?? null;
}

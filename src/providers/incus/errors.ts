import { oneLine } from '../../base/quoted.ts';
import type { Reaction } from '../../model/observation.ts';
import { PortError } from '../../ports/errors.ts';

interface Rule {
  readonly pattern: RegExp;
  readonly reaction: Reaction;
  readonly code: string;
  /** What a person does about it. */
  readonly remedy: string;
}

/** In what the server says; the first that matches. It gives most errors of an operation the same number. */
const RULES: readonly Rule[] = [
  {
    pattern:
      /no space left|disk quota exceeded|reached maximum|limit.* (?:reached|exceeded)|cannot allocate memory|not enough|no suitable cluster member/i,
    reaction: 'NoCapacity',
    code: 'full',
    remedy: 'make room, or raise the limit of the project',
  },
  {
    pattern: /unable to connect to|connection refused|i\/o timeout|no such host/i,
    reaction: 'Transient',
    code: 'notReached',
    remedy: 'look whether the image server, or the member of the cluster, is reached from there',
  },
  {
    pattern: /image not provided|image.* not found|failed getting (?:remote )?image|doesn't match instance type/i,
    reaction: 'Invalid',
    code: 'noImage',
    remedy: 'add the image to the server, or correct image, imageServer or type',
  },
  {
    pattern:
      /storage pool not found|network not found|profile.* (?:doesn't exist|not found)|project.* not found|no root device|member.* (?:doesn't exist|not found)/i,
    reaction: 'Invalid',
    code: 'missing',
    remedy: 'make it on the server, or correct the launch template',
  },
  {
    pattern: /instance type .*not (?:operational|supported)|not supported on this server/i,
    reaction: 'Unsupported',
    code: 'noVirtualMachines',
    remedy: 'write `type: container`, or enable virtual machines on the server',
  },
  {
    pattern:
      /invalid (?:value|devices|config|option)|unknown configuration key|device validation failed|missing .*device|not allowed/i,
    reaction: 'Invalid',
    code: 'refused',
    remedy: 'correct profiles, config or devices',
  },
];

/** An error that the server has answered with, by what it calls for. */
export function incusError(what: string, status: number, text: string): PortError {
  const said = oneLine(text);
  if (status === 401 || status === 403 || /certificate is restricted/i.test(text)) {
    const remedy = "let the server trust Drover's certificate (incus config trust add-certificate), for this project";
    return new PortError('Unauthorized', 'notTrusted', `${what}: ${said}; ${remedy}`);
  }
  if (/instance not found/i.test(text)) return new PortError('NotFound', 'noMachine', `${what}: ${said}`);
  const rule = RULES.find(({ pattern }) => pattern.test(text));
  if (rule !== undefined) return new PortError(rule.reaction, rule.code, `${what}: ${said}; ${rule.remedy}`);
  if (status === 429) return new PortError('RateLimited', 'tooMany', `${what}: ${said}`);
  return new PortError(status === 400 ? 'Invalid' : 'Transient', 'incus', `${what}: ${said}`);
}

/** Whether a launch was refused because the machine is there already. */
export function isThere(error: unknown): boolean {
  return error instanceof PortError && /UNIQUE constraint failed: instances|already exists/i.test(error.message);
}

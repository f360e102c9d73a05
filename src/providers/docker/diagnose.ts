import { statfs } from 'node:fs/promises';
import type Docker from 'dockerode';
import { withDeadline } from '../../ports/deadline.ts';
import { asPortError } from '../../ports/errors.ts';
import type { Finding, ProviderContext } from '../../ports/provider.ts';
import { Engine } from './engine.ts';
import { type EngineSettings, enginesOf } from './engine-settings.ts';

const TIMEOUT_MS = 10_000;
const GIB = 1024 ** 3;
const LOW_STORAGE_SHARE = 0.1;
/** API versions are compared as numbers: what is used here is as old as this. */
const LEAST_API = 1.4;

/** Asks each engine: whether it is reached, and what servers need there. */
export async function diagnose(context: ProviderContext, signal: AbortSignal): Promise<readonly Finding[]> {
  const { fleet, settings, clock } = context;
  const findings: Finding[] = [];
  for (const one of enginesOf(settings)) {
    const engine = new Engine(one, fleet, clock, signal);
    const ask = () => engine.use('asking for its state', (docker) => findingsOf(docker, engine.where, one));
    try {
      findings.push(...(await withDeadline(clock, TIMEOUT_MS, signal, ask, engine.where)));
    } catch (error) {
      findings.push({
        level: 'error',
        message: `${engine.where} cannot be used: ${asPortError(error).message}`,
        remedy: 'Mend that; until then its servers are not seen.',
      });
    } finally {
      engine.close();
    }
  }
  return findings;
}

async function findingsOf(docker: Docker, where: string, { connection }: EngineSettings): Promise<readonly Finding[]> {
  const version = await docker.version();
  const info = (await docker.info()) as unknown;
  const facts = engineFacts(info);
  const isLocal = connection.kind === 'socket';
  return [
    apiFinding(where, version.Version, version.ApiVersion),
    ...limitFindings(where, facts),
    ...(isLocal && facts.rootFolder !== '' ? await storageFindings(where, facts.rootFolder) : []),
    ...(isLocal ? [] : [forwarding(where)]),
  ];
}

interface EngineFacts {
  readonly rootFolder: string;
  readonly limitsMemory: boolean;
  readonly limitsCpu: boolean;
}

function engineFacts(info: unknown): EngineFacts {
  const all: Readonly<Record<string, unknown>> = typeof info === 'object' && info !== null ? { ...info } : {};
  return {
    rootFolder: typeof all.DockerRootDir === 'string' ? all.DockerRootDir : '',
    limitsMemory: all.MemoryLimit === true,
    limitsCpu: all.CpuCfsQuota === true,
  };
}

function apiFinding(where: string, version: string, api: string): Finding {
  const said = `${where} is reached: version ${version}, API ${api}.`;
  const [major = 0, minor = 0] = api.split('.').map(Number);
  if (major > Math.trunc(LEAST_API) || minor >= 40) return ok(said);
  return warning(said, 'Drover is made for API 1.40 and newer; update the engine.');
}

function limitFindings(where: string, { limitsMemory, limitsCpu }: EngineFacts): readonly Finding[] {
  const missing = [...(limitsMemory ? [] : ['memory']), ...(limitsCpu ? [] : ['cpus'])];
  if (missing.length === 0) return [ok(`${where} can limit memory and cpus.`)];
  return [
    warning(
      `${where} cannot limit ${missing.join(' and ')}: launch templates that name them are refused, or not obeyed.`,
      'Switch on the controllers of its control groups (cgroup_enable=memory for the kernel, or delegation for an engine without root).',
    ),
  ];
}

async function storageFindings(where: string, folder: string): Promise<readonly Finding[]> {
  const { bavail, blocks, bsize } = await statfs(folder);
  const said = `${where} has ${Math.floor((bavail * bsize) / GIB)} GiB of ${Math.floor((blocks * bsize) / GIB)} GiB left in ${folder}.`;
  if (bavail >= blocks * LOW_STORAGE_SHARE) return [ok(said)];
  return [warning(said, 'Make room: `docker system df` shows what images, containers and volumes take.')];
}

function forwarding(where: string): Finding {
  return {
    level: 'ok',
    message: `${where} is another host: Docker's rules there (FORWARD is DROP) keep others from the addresses of containers; use publishedPorts, or a network that is routed and accepted.`,
    remedy: null,
  };
}

function ok(message: string): Finding {
  return { level: 'ok', message, remedy: null };
}

function warning(message: string, remedy: string): Finding {
  return { level: 'warning', message, remedy };
}

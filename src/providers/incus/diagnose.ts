import { z } from 'zod';
import { asPortError } from '../../ports/errors.ts';
import type { Finding, ProviderContext } from '../../ports/provider.ts';
import { IncusClient } from './client.ts';
import { membersSchema } from './provider.ts';
import { serverOf } from './settings.ts';

const MIB = 1024 * 1024;
const LOW_SHARE = 0.1;

const serverSchema = z.object({ auth: z.string(), environment: z.object({ server_version: z.string() }).optional() });
const resourcesSchema = z.object({ memory: z.object({ used: z.number(), total: z.number() }) });
const poolSchema = z.object({ space: z.object({ used: z.number().default(0), total: z.number().default(0) }) });

/** Looks at the server: whether it is reached and trusts Drover, and whether there is room. */
export async function diagnose({ settings }: ProviderContext, signal: AbortSignal): Promise<readonly Finding[]> {
  const server = serverOf(settings);
  const client = new IncusClient(server);
  try {
    const { auth, environment } = await client.get('/1.0', serverSchema, signal);
    if (auth !== 'trusted') {
      const remedy = 'Let the server trust it: `incus config trust add-certificate` there.';
      return [{ level: 'error', message: `${client.where} does not trust Drover's certificate.`, remedy }];
    }
    return [
      ok(`${client.where} is reached, with version ${environment?.server_version ?? 'unknown'}.`),
      ...(await whereAllowed(() => memory(client, signal))),
      ...(await whereAllowed(() => pools(client, signal))),
      ...(await members(client, server.members, signal)),
    ];
  } catch (error) {
    const message = `${client.where} cannot be used: ${asPortError(error).message}`;
    return [{ level: 'error', message, remedy: 'Mend that; until then its servers are not seen.' }];
  } finally {
    await client.close();
  }
}

/** What a certificate that is restricted to a project may not see is not looked at. */
async function whereAllowed(look: () => Promise<readonly Finding[]>): Promise<readonly Finding[]> {
  try {
    return await look();
  } catch (error) {
    if (asPortError(error).reaction === 'Unauthorized') return [];
    throw error;
  }
}

async function memory(client: IncusClient, signal: AbortSignal): Promise<readonly Finding[]> {
  const { used, total } = (await client.get('/1.0/resources', resourcesSchema, signal)).memory;
  return [room('memory', client.where, total - used, total)];
}

async function pools(client: IncusClient, signal: AbortSignal): Promise<readonly Finding[]> {
  const names = await client.get('/1.0/storage-pools?recursion=1', z.array(z.object({ name: z.string() })), signal);
  const findings: Finding[] = [];
  for (const { name } of names) {
    const { space } = await client.get(`/1.0/storage-pools/${encodeURIComponent(name)}/resources`, poolSchema, signal);
    findings.push(room(`space in the storage pool ${name}`, client.where, space.total - space.used, space.total));
  }
  if (findings.length > 0) return findings;
  return [warning(`${client.where} has no storage pool.`, 'Make one: `incus storage create`.')];
}

async function members(
  client: IncusClient,
  zones: readonly string[],
  signal: AbortSignal,
): Promise<readonly Finding[]> {
  if (zones.length === 0) return [];
  const all = await client.get('/1.0/cluster/members?recursion=1', membersSchema, signal);
  return zones.map((zone) => {
    const member = all.find(({ server_name: name }) => name === zone);
    if (member === undefined) return warning(`The cluster has no member ${zone}.`, 'Correct members.');
    const said = `The cluster's member ${zone} is ${member.status.toLowerCase()}.`;
    return member.status === 'Online' ? ok(said) : warning(said, 'No server is launched there until it is online.');
  });
}

function room(what: string, where: string, left: number, total: number): Finding {
  const said = `${where} has ${Math.floor(left / MIB)} MiB of ${Math.floor(total / MIB)} MiB of ${what} left.`;
  return left < total * LOW_SHARE ? warning(said, 'Make room, or run servers elsewhere.') : ok(said);
}

function ok(message: string): Finding {
  return { level: 'ok', message, remedy: null };
}

function warning(message: string, remedy: string): Finding {
  return { level: 'warning', message, remedy };
}

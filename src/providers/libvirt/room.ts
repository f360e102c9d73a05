import { z } from 'zod';
import { PortError } from '../../ports/errors.ts';
import { countLeases } from './addresses.ts';
import type { LibvirtSettings } from './settings.ts';
import type { Virsh } from './virsh.ts';
import { parseXml } from './xml.ts';

const KIB = 1024;

/**
 * Whether a host has what a server needs and would otherwise miss only once it runs: memory (QEMU takes it as the server uses it) and an
 * address.
 * @throws PortError `NoCapacity`, `Invalid`
 */
export async function checkRoom(virsh: Virsh, settings: LibvirtSettings, signal: AbortSignal): Promise<void> {
  const [memory = ''] = await virsh.several(['nodememstats'], signal);
  const freeBytes = usableMemory(memory);
  if (freeBytes < settings.memoryBytes) {
    const mib = (bytes: number) => `${Math.floor(bytes / KIB / KIB)} MiB`;
    const message = `${virsh.where} has ${mib(freeBytes)} of memory left, and a server gets ${mib(settings.memoryBytes)}`;
    throw new PortError('NoCapacity', 'noMemory', message);
  }
  const { network, addressFrom } = settings;
  if (network === null) return;
  const xml = await virsh.run(['net-dumpxml', network], signal);
  if (addressFrom !== 'lease') return;
  const size = await rangeSize(xml);
  const leases = await virsh.run(['net-dhcp-leases', network], signal);
  if (size === null || countLeases(leases) < size) return;
  const message = `all ${size} addresses of the network ${network} on ${virsh.where} are given out; widen its DHCP range, or shorten its leases`;
  throw new PortError('NoCapacity', 'noAddress', message);
}

/** What the system could give to programs, at most, from `virsh nodememstats`. */
export function usableMemory(text: string): number {
  const kib = ['free', 'buffers', 'cached'].map((key) =>
    Number(new RegExp(`^${key}\\s*:\\s*(\\d+) KiB`, 'm').exec(text)?.[1] ?? 0),
  );
  return kib.reduce((sum, one) => sum + one, 0) * KIB;
}

const rangeSchema = z.object({ start: z.string(), end: z.string() });
const many = <T extends z.ZodType>(one: T) => z.union([one.transform((single) => [single]), z.array(one)]);
const networkSchema = z.object({
  network: z.object({ ip: many(z.object({ dhcp: z.object({ range: many(rangeSchema).optional() }).optional() })) }),
});

/** How many IPv4 addresses the DHCP ranges of a network have; null where it has none. */
async function rangeSize(xml: string): Promise<number | null> {
  const parsed = networkSchema.safeParse(await parseXml(xml));
  if (!parsed.success) return null;
  const ranges = parsed.data.network.ip.flatMap(({ dhcp }) => dhcp?.range ?? []);
  const sizes = ranges.map(({ start, end }) => numberOf(end) - numberOf(start) + 1).filter(Number.isSafeInteger);
  return sizes.length === 0 ? null : sizes.reduce((sum, size) => sum + size, 0);
}

/** An IPv4 address as a number; NaN for any other. */
function numberOf(address: string): number {
  const parts = address.split('.');
  return parts.length === 4 ? parts.reduce((sum, part) => sum * 256 + Number(part), 0) : Number.NaN;
}

import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { geteuid } from 'node:process';
import { count } from '../../base/plural.ts';
import { readStats } from '../../base/procfs.ts';
import { reasonOf } from '../../base/quoted.ts';
import type { Finding, ProviderContext } from '../../ports/provider.ts';
import { SETPRIV } from './account.ts';

const ROOT = 0;

/** Whether processes can be told from each other here, and as whom servers may run. Nothing is adopted or cleaned up. */
export async function diagnose({ dataDir }: ProviderContext): Promise<readonly Finding[]> {
  const findings: Finding[] = [];
  try {
    const processes = readStats().length;
    const folders = (await readdir(dataDir, { withFileTypes: true })).filter((entry) => entry.isDirectory());
    const servers = folders.filter(({ name }) => existsSync(`${dataDir}/${name}/machine.json`)).length;
    const message = `It sees ${count(processes, 'process', 'processes')} of this host, and has records of ${count(servers, 'server')}.`;
    findings.push({ level: 'ok', message, remedy: null });
  } catch (error) {
    const message = `The processes of this host cannot be seen: ${reasonOf(error)}.`;
    findings.push({ level: 'error', message, remedy: 'Drover needs Linux with /proc, and the right to read it.' });
  }
  if (geteuid?.() === ROOT && !existsSync(SETPRIV)) {
    const message = `${SETPRIV} is missing, so launch templates cannot name a user.`;
    findings.push({ level: 'warning', message, remedy: 'Install it: sudo apt-get install -y util-linux.' });
  }
  return findings;
}

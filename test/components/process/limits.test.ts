import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { GUEST } from '../../support/libvirt-host.ts';
import { requires } from '../../support/requires.ts';

const ROOT = join(import.meta.dirname, '..', '..', '..');
const QEMU = 'qemu-system-x86_64';

// QEMU and the guest come with libvirt's.
requires('libvirt')('limits of memory and processors, in a kernel of their own', () => {
  let folder: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'drover-limits-'));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  it('hold for a server and all that it starts, and are named where they have ended it', async () => {
    const script = join(ROOT, 'test', 'support', 'limits-guest.sh');
    const inside = 'test/support/fixtures/limited-servers.ts';
    await promisify(execFile)('sh', [script, folder, process.execPath, inside], { cwd: ROOT });
    const boot = ['-kernel', join(GUEST, 'vmlinuz'), '-initrd', join(folder, 'initrd.gz')];
    const words = ['-append', 'console=ttyS0 rdinit=/limits panic=1 quiet'];
    const machine = ['-accel', 'tcg', '-m', '1500', '-nographic', '-no-reboot', '-nic', 'none'];
    const guest = spawn(QEMU, [...machine, ...boot, ...words], { stdio: ['ignore', 'pipe', 'ignore'] });
    const limit = setTimeout(() => guest.kill('SIGKILL'), 270_000);
    let output = '';
    guest.stdout.on('data', (chunk: Buffer) => {
      output += chunk.toString();
    });
    await once(guest, 'close');
    clearTimeout(limit);
    const said = JSON.parse(/^found (.*)$/m.exec(output)?.[1] ?? JSON.stringify(output.slice(-2_000)));
    expect(said).toMatchObject({
      found: expect.arrayContaining([
        { id: 'large', state: 'stopped', detail: expect.stringContaining('out of memory: its limit is 32MiB') },
        { id: 'busy', state: 'running', detail: expect.any(String) },
      ]),
      left: [],
    });
    expect(said.share).toBeGreaterThan(0.1);
    expect(said.share).toBeLessThan(0.25);
  }, 300_000);
});

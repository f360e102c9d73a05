import { readdir, readFile, unlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const OWNER = 'owner';

/** Writes down that this process cleans up a folder, and what belongs to it. */
export async function own(folder: string): Promise<void> {
  await writeFile(join(folder, OWNER), await identityOf(process.pid));
}

/** Folders for temporary files whose names begin like this, and whose owner was killed before it cleaned up: they are this process's now. */
export async function takenOver(prefix: string): Promise<readonly string[]> {
  const names = (await readdir(tmpdir())).filter((name) => name.startsWith(prefix));
  const folders: string[] = [];
  for (const folder of names.map((name) => join(tmpdir(), name))) {
    const owner = await readFile(join(folder, OWNER), 'utf8').catch(() => '');
    if (owner === '' || owner === (await identityOf(Number(owner.split(' ')[0])))) continue;
    const isFirst = await unlink(join(folder, OWNER)).then(
      () => true,
      () => false,
    );
    if (!isFirst) continue;
    await own(folder);
    folders.push(folder);
  }
  return folders;
}

/** A process id and when that process started: another one of the same id is not the same. */
async function identityOf(pid: number): Promise<string> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  const startedAt = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '';
  return `${pid} ${startedAt}`;
}

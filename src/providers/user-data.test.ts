import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { launchRequest } from '../../test/support/launch-request.ts';
import { parseExplained } from '../settings/explain.ts';
import { type UserDataSettings, userDataSchema } from '../settings/user-data.ts';
import { renderUserData } from './user-data.ts';

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'user-data-'));
});

afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(folder, { recursive: true });
});

const request = launchRequest('i-7', { placement: { zone: 'nbg1', instanceType: 'cx22' } });
const use = { fleet: 'shop', request, maxBytes: 1_000 };

function settings(written: unknown): UserDataSettings {
  return userDataSchema(folder).parse(written);
}

function problems(written: unknown): readonly string[] {
  const result = parseExplained(userDataSchema(folder), written);
  return 'problems' in result ? result.problems.map(({ path, message }) => `${path.join('.')}: ${message}`) : [];
}

it('fills in what differs from server to server, and leaves the braces of others alone', async () => {
  const text =
    'id={{ drover.instanceId }} {{drover.group}}/{{drover.fleet}} in {{ drover.zone }} {{ ds.meta_data.hostname }}';
  expect(await renderUserData(settings({ text }), use)).toBe('id=i-7 web/shop in nbg1 {{ ds.meta_data.hostname }}');
});

it('puts in secrets as they are at the launch, from files and variables', async () => {
  await writeFile(join(folder, 'key'), '-----BEGIN KEY-----\nabc\n-----END KEY-----\n');
  vi.stubEnv('DATABASE_PASSWORD', 's3cret');
  const secrets = { KEY: { file: 'key' }, PASSWORD: { variable: 'DATABASE_PASSWORD' } };
  const written = settings({ text: '{{ drover.secrets.KEY }}|{{ drover.secrets.PASSWORD }}', secrets });
  expect(JSON.stringify(written)).not.toContain('s3cret');
  expect(await renderUserData(written, use)).toBe('-----BEGIN KEY-----\nabc\n-----END KEY-----|s3cret');
  await writeFile(join(folder, 'key'), 'other');
  expect(await renderUserData(written, use)).toBe('other|s3cret');
});

it('is another launch template when its file changes, and does not launch with what nobody has read', async () => {
  await writeFile(join(folder, 'init'), 'one');
  const before = settings({ file: 'init' });
  await writeFile(join(folder, 'init'), 'two');
  expect(settings({ file: 'init' })).not.toEqual(before);
  await expect(renderUserData(before, use)).rejects.toMatchObject({ reaction: 'Invalid', code: 'userDataChanged' });
});

it('says which secret cannot be read, and not what it holds', async () => {
  const written = settings({ text: '{{ drover.secrets.A }}', secrets: { A: { file: 'absent' } } });
  const failure = {
    reaction: 'Unauthorized',
    message: `the secret in ${join(folder, 'absent')} cannot be read: it does not exist`,
  };
  await expect(renderUserData(written, use)).rejects.toMatchObject(failure);
});

it('refuses what is larger than the provider takes, once filled in', async () => {
  const failure = { reaction: 'Invalid', code: 'userDataTooLarge' };
  await expect(renderUserData(settings({ text: 'x'.repeat(1_001) }), use)).rejects.toMatchObject(failure);
});

it.each([
  [{}, ': it has either text or file'],
  [{ text: 'a', file: 'b' }, ': it has either text or file'],
  [
    { text: '{{ drover.instanceID }}' },
    'text: there is no variable instanceID for {{ drover.instanceID }}; did you mean instanceId?',
  ],
  [
    { text: '{{ drover.secrets.A }}' },
    'text: there is no secret A for {{ drover.secrets.A }}; describe it under secrets',
  ],
  [{ text: 'a', secrets: { A: {} } }, 'secrets.A: name a file or a variable that holds it'],
])('refuses %j', (written, problem) => {
  expect(problems(written)).toEqual([problem]);
});

it('refuses a file that is not there', () => {
  expect(problems({ file: 'absent' })).toEqual([`file: ${join(folder, 'absent')} cannot be read: it does not exist`]);
});

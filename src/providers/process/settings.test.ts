import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { readSettings, settingsSchema } from './settings.ts';

const schema = settingsSchema('/srv/shop');

describe('settingsSchema', () => {
  it('has limits as bytes and processors', () => {
    const settings = schema.parse({ command: ['node'], memory: '512MiB', cpus: 0.5 });
    expect(settings).toMatchObject({ memoryBytes: 536_870_912, cpus: 0.5 });
    expect(readSettings(settings)).toMatchObject({ memoryBytes: 536_870_912, cpus: 0.5 });
    for (const wrong of [{ memory: 512 }, { memory: '1MiB' }, { cpus: 0 }, { cpus: '50%' }])
      expect(schema.safeParse({ command: ['node'], ...wrong }).success).toBe(false);
  });

  it('fills in what is usual, and resolves paths against the folder of the fleet file', () => {
    expect(schema.parse({ command: ['node', 'server.js'] })).toEqual({
      command: ['node', 'server.js'],
      environment: {},
      workingDirectory: '/srv/shop',
      portRange: { from: 20_000, to: 29_999 },
      stopSignal: 'SIGTERM',
      stopTimeoutMs: 10_000,
      maxLogSizeBytes: 10 * 1024 * 1024,
      user: null,
    });
    const written = { command: ['./run'], workingDirectory: '../app', stopTimeout: '1m' };
    expect(schema.parse(written)).toMatchObject({ workingDirectory: '/srv/app', stopTimeoutMs: 60_000 });
  });

  it('gives what readSettings accepts', () => {
    const settings = schema.parse({ command: ['node'], environment: { COLOUR: 'green' } });
    expect(readSettings(settings)).toEqual({ ...settings, memoryBytes: null, cpus: null });
  });

  it.each([
    [{}, ['command']],
    [{ command: 'node server.js' }, ['command']],
    [{ command: [] }, ['command']],
    [{ command: [''] }, ['command']],
    [{ command: ['a\0b'] }, ['command', 0]],
    [{ command: ['node'], environment: { PORT: '80' } }, ['environment', 'PORT']],
    [{ command: ['node'], environment: { DROVER_FLEET: 'x' } }, ['environment', 'DROVER_FLEET']],
    [{ command: ['node'], environment: { 'A=B': 'x' } }, ['environment', 'A=B']],
    [{ command: ['node'], portRange: { from: 9, to: 8 } }, ['portRange']],
    [{ command: ['node'], portRange: { from: 0, to: 8 } }, ['portRange', 'from']],
    [{ command: ['node'], stopTimeout: 30 }, ['stopTimeout']],
    [{ command: ['node'], stopTimeOut: '30s' }, []],
    [{ command: ['node'], stopSignal: 'SIGKILL' }, ['stopSignal']],
    [{ command: ['node'], user: '-x' }, ['user']],
    [{ command: ['node'], maxLogSize: 1024 }, ['maxLogSize']],
    [{ command: ['node'], maxLogSize: '1KiB' }, ['maxLogSize']],
  ])('refuses %j at %j', (written, path) => {
    const { error } = schema.safeParse(written);
    expect(error?.issues.map((issue) => issue.path)).toEqual([path]);
  });

  it('describes every setting', () => {
    const { properties = {} } = z.toJSONSchema(schema, { io: 'input' });
    const described = Object.values(properties).filter(
      (property) => typeof property === 'object' && property.description,
    );
    expect(described).toHaveLength(Object.keys(properties).length);
  });
});

describe('readSettings', () => {
  it('refuses settings that the schema did not give', () => {
    expect(() => readSettings({ command: [] })).toThrow(expect.objectContaining({ reaction: 'Invalid' }));
  });
});

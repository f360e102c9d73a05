import { execFileSync } from 'node:child_process';
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { DroverService } from '../../support/drover-service.ts';

const ASK = 'node -v; command -v node; echo $PATH; ulimit -S -n; env | grep -ic -e npm -e node_ ; :';

it('gives servers and metric commands what the user has: PATH, Node.js, open file limit', async () => {
  const service = await DroverService.create(`
    minSize: 1
    maxSize: 1
    launchTemplate: { provider: process, command: [./ask, server, sleep 600] }
    metrics: { n: { source: exec, command: [./ask, metric, echo 1], interval: 1s } }
    scalingPolicies: { n: { type: step, metric: n, comparison: greaterThan, threshold: 9, steps: [{ adjustment: 1 }] } }
  `);
  const bin = join(service.folder, 'bin');
  await mkdir(bin);
  const scripts = [
    [join(bin, 'node'), '#!/bin/sh\necho v1.2.3-of-the-user\n'],
    [join(service.folder, 'ask'), `#!/bin/sh\n{ ${ASK}; } >"$1.new"; mv "$1.new" "$1"; exec $2\n`],
  ] as const;
  for (const [path, text] of scripts) {
    await writeFile(path, text);
    await chmod(path, 0o755);
  }
  const users = { PATH: `${bin}:/usr/bin:/bin`, HOME: service.folder };
  const via = ['prlimit', '--nofile=777:', '--'] as const;
  const right = execFileSync(via[0], [...via.slice(1), 'sh', '-c', ASK], { env: users, encoding: 'utf8' });
  expect(right).toBe(`v1.2.3-of-the-user\n${bin}/node\n${users.PATH}\n777\n0\n`);
  const npms = '/srv/node_modules/.bin:/node_modules/.bin:/usr/share/npm/run-script/lib/node-gyp-bin';
  const env = {
    ...users,
    PATH: `${npms}:${users.PATH}`,
    npm_lifecycle_event: 'start',
    npm_config_x: 'x',
    NODE_ENV: 'x',
  };
  await service.run({ via, env });
  expect(await service.file('server')).toBe(right);
  expect(await service.file('metric')).toBe(right);
});

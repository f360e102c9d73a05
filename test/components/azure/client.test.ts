import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { env } from 'node:process';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { CLIENT, CLIENT_SECRET, FakeAzure, TENANT } from '../../support/azure/fake-azure.ts';
import { GROUP, SUBSCRIPTION } from '../../support/azure/subscription.ts';
import { requires } from '../../support/requires.ts';

requires('azureClient')("Azure's client for Python", () => {
  it('takes the fake for Azure: credential, operations, lists, states, errors', async () => {
    const fake = await FakeAzure.start();
    fake.areSecondsWhole = true;
    try {
      const { stdout } = await promisify(execFile)('drover-test-azure', [join(import.meta.dirname, 'client.py')], {
        env: {
          PATH: env.PATH,
          ENDPOINT: fake.endpoint,
          CA_FILE: fake.caFile,
          SUBSCRIPTION,
          GROUP,
          TENANT,
          CLIENT,
          SECRET: CLIENT_SECRET,
        },
        timeout: 60_000,
      });
      const running = ['ProvisioningState/succeeded', 'PowerState/running'];
      expect(JSON.parse(stdout)).toEqual({
        state: 'Succeeded',
        view: running,
        statuses: running,
        machines: ['py'],
        disk: { app: 'py' },
        attached: true,
        private: [expect.stringMatching(/^127\./)],
        public: [expect.stringMatching(/^127\./)],
        usage: ['cores'],
        refused: 'NicInUse',
        left: [],
      });
      expect(fake.subscription.names).toEqual([]);
    } finally {
      await fake.close();
    }
  });
});

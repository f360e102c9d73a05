import type { ProviderType } from '../../ports/provider.ts';
import { diagnose } from './diagnose.ts';
import { KILL_TIMEOUT_MS } from './ending.ts';
import { ProcessProvider } from './provider.ts';
import { MAX_STOP_TIMEOUT_MS, settingsProblems, settingsSchema } from './settings.ts';
import { starter } from './starter.ts';
import { settingsWarnings } from './warnings.ts';

/** Servers as processes of the host that Drover runs on. */
export const processProvider: ProviderType = {
  name: 'process',
  capabilities: () => ({
    listIntervalMs: 1_000,
    listGapMs: 50,
    listLagMs: 0,
    concurrentOperations: 16,
    terminateTimeoutMs: MAX_STOP_TIMEOUT_MS + KILL_TIMEOUT_MS + 60_000,
    ports: 'assigned',
    zones: [],
    instanceTypes: false,
  }),
  settingsSchema,
  settingsProblems,
  settingsWarnings,
  diagnose,
  starter,
  create: (context) => new ProcessProvider(context),
};

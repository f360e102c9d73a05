import type { ProviderType } from '../../ports/provider.ts';
import { ProcessProvider } from './provider.ts';
import { settingsProblems, settingsSchema } from './settings.ts';
import { settingsWarnings } from './warnings.ts';

/** Servers as processes of the host that Drover runs on. */
export const processProvider: ProviderType = {
  name: 'process',
  capabilities: { listIntervalMs: 1_000, listGapMs: 50, listLagMs: 0, concurrentOperations: 16 },
  settingsSchema,
  settingsProblems,
  settingsWarnings,
  create: (context) => new ProcessProvider(context),
};

import { CLOUDS } from './clouds.ts';
import { COMMANDS } from './commands.ts';
import { CONTAINERS } from './containers.ts';
import { ERRORS } from './errors.ts';
import { FIELD } from './field.ts';
import { FLEET } from './fleet.ts';
import { HANDOVER } from './handover.ts';
import { INVARIANTS } from './invariants.ts';
import type { Mutation } from './mutation.ts';
import { NOTIFICATIONS } from './notifications.ts';
import { PROVIDERS } from './providers.ts';
import { REGRESSIONS } from './regressions.ts';
import { RULES } from './rules.ts';
import { SCALING } from './scaling.ts';
import { SERVERS } from './servers.ts';

/** In the order in which they are run. */
export const ALL_MUTATIONS: readonly Mutation[] = [
  ...INVARIANTS,
  ...SCALING,
  ...RULES,
  ...REGRESSIONS,
  ...FIELD,
  ...FLEET,
  ...HANDOVER,
  ...ERRORS,
  ...SERVERS,
  ...CLOUDS,
  ...CONTAINERS,
  ...PROVIDERS,
  ...COMMANDS,
  ...NOTIFICATIONS,
];

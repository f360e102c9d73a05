/** To be imported before Drover's own entry (`node --import`): adds the simulated provider to those that it knows. */

import { providerTypes } from '../../src/providers/registry.ts';
import { simulatedProvider } from '../support/simulated-provider.ts';

if (!(providerTypes instanceof Map)) throw new Error('the registry of providers cannot be added to');
providerTypes.set(simulatedProvider.name, simulatedProvider);

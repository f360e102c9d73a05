/** `drover/provider/conformance`: what the package of a provider is tested with. */

export { systemClock } from '../../src/system/clock.ts';
export { describeProviderConformance, type ProviderWorld } from './provider.ts';

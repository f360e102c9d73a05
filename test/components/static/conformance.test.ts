import { describeProviderConformance } from '../../conformance/provider.ts';
import { requires } from '../../support/requires.ts';
import { StaticWorld } from '../../support/static-world.ts';

requires('sshd')('hosts of argument lists', () => {
  describeProviderConformance('static', () => StaticWorld.local(8));
});

import { ExecWorld, ownAddresses } from '../support/exec-world.ts';
import { requires } from '../support/requires.ts';
import { describeProviderConformance } from './provider.ts';

// The servers of both are Python scripts.
requires('python3')('the examples of exec', () => {
  describeProviderConformance('exec, as a shell script', ExecWorld.shell);
  describeProviderConformance('exec, as a Python script', () => ExecWorld.python());
  const racks = () => ({ 'rack-1': ownAddresses(16), 'rack-2': ownAddresses(16) });
  describeProviderConformance('exec, as a Python script with zones', () => ExecWorld.python(racks()));
});

import { describe, expect, it } from 'vitest';
import { placeOf } from './path.ts';

const at = (text: string) => placeOf(text.split('\n'));

describe('placeOf', () => {
  it('is the root at the start', () => {
    expect(at('fleet: shop\nlo')).toEqual({ path: [], key: null });
  });

  it('goes up by the indentation', () => {
    const text = 'autoScalingGroups:\n  web:\n    minSize: 1\n    launchTemplate:\n      image: x\n      pro';
    expect(at(text)).toEqual({ path: ['autoScalingGroups', 'web', 'launchTemplate'], key: null });
  });

  it('knows the key whose value is being written', () => {
    expect(at('targetGroups:\n  web:\n    algorithm: ')).toEqual({ path: ['targetGroups', 'web'], key: 'algorithm' });
  });

  it('finds the item of a list', () => {
    const text = 'loadBalancers:\n  front:\n    listeners:\n      - port: 5000\n        ';
    expect(at(text)).toEqual({ path: ['loadBalancers', 'front', 'listeners', 0], key: null });
    expect(at('loadBalancers:\n  front:\n    listeners:\n      - po')).toEqual({
      path: ['loadBalancers', 'front', 'listeners', 0],
      key: null,
    });
  });

  it('passes over what is further in, comments and empty lines', () => {
    const text = 'a:\n  b:\n    c: 1\n\n  # more\n  d';
    expect(at(text)).toEqual({ path: ['a'], key: null });
  });
});

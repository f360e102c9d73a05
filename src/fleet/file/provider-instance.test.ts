import { describe, expect, it } from 'vitest';
import { diffFleets } from '../diff.ts';
import { errorsOf, parse, SHOWN } from './load-for-test.ts';

const INSTANCES = `
  north: { type: cloud, region: north, tokenFile: /etc/token }
  south: { type: cloud, region: south, tokenFile: /etc/token }`;

const fleet = (instances: string, template: string) => `fleet: shop
providers: ${instances === '' ? '{}' : instances}
autoScalingGroups:
  web: { minSize: 0, maxSize: 1, launchTemplate: ${template} }
`;
const parsed = (text: string) => {
  const result = parse(text);
  if (!result.ok) throw new Error(errorsOf(text));
  return result.fleet;
};

describe('providers of a fleet file', () => {
  it('are instances of types, each with settings of its own, and launch templates name one', () => {
    const { providers, autoScalingGroups } = parsed(fleet(INSTANCES, '{ provider: south, image: debian }'));
    expect(providers).toEqual([
      { name: 'north', type: 'cloud', settings: { region: 'north', tokenFile: '/etc/token' } },
      { name: 'south', type: 'cloud', settings: { region: 'south', tokenFile: '/etc/token' } },
    ]);
    expect(autoScalingGroups[0]?.launchTemplate).toMatchObject({ provider: 'south', settings: { image: 'debian' } });
  });

  it('need no entry where their type needs no settings', () => {
    expect(parsed(fleet('', '{ provider: process, command: [serve] }')).providers).toEqual([]);
    expect(parsed(fleet('{ local: { type: process } }', '{ provider: local, command: [serve] }')).providers).toEqual([
      { name: 'local', type: 'process', settings: {} },
    ]);
  });

  it.each([
    ['{ north: { type: clowd } }', '{ provider: process, command: [serve] }', 'did you mean cloud?'],
    [
      '{ north: { type: cloud, region: north } }',
      '{ provider: process, command: [serve] }',
      'tokenFile  it is missing',
    ],
    [
      '{ north: { type: cloud, regoin: n, tokenFile: t } }',
      '{ provider: process, command: [s] }',
      'did you mean region?',
    ],
    ['{ local: { type: process, region: n } }', '{ provider: process, command: [serve] }', 'unknown key'],
    [
      '{ process: { type: cloud, region: n, tokenFile: t } }',
      '{ provider: process, image: d }',
      'name of a provider type',
    ],
    [INSTANCES, '{ provider: nort, image: debian }', 'did you mean north?'],
    [INSTANCES, '{ provider: north, imge: debian }', 'did you mean image?'],
    [INSTANCES, '{ provider: cloud, image: debian }', 'needs settings; describe one under providers'],
  ])('refuses %j with %j', (instances, template, message) => {
    expect(errorsOf(fleet(instances, template))).toContain(message);
  });

  it('report one error for an entry that is wrong, however many launch templates name it', () => {
    for (const entry of ['{ type: clowd }', '{}', 'cloud']) {
      expect(errorsOf(fleet(`{ north: ${entry} }`, '{ provider: north, image: debian }'))).not.toContain(
        'launchTemplate',
      );
    }
  });

  it('that go with the group that used them change no other setting of its launch template', () => {
    const before = parsed(
      fleet('{ blue: { type: process }, green: { type: process } }', '{ provider: blue, command: [serve] }'),
    );
    const after = parsed(fleet('{ green: { type: process } }', '{ provider: green, command: [serve] }'));
    expect(diffFleets(before, after, SHOWN).map(({ path }) => path)).toEqual([
      'providers.blue',
      'autoScalingGroups.web.launchTemplate.provider',
    ]);
  });

  it('never show what their schema does not mark as public', () => {
    const before = parsed(fleet(INSTANCES, '{ provider: north, image: debian, userData: one }'));
    const text = fleet(INSTANCES, '{ provider: north, image: ubuntu, userData: two }');
    const after = parsed(text.replaceAll('/etc/token', '/etc/other').replace('region: north', 'region: east'));
    expect(diffFleets(before, after, SHOWN).map(({ path, before: was, after: is }) => [path, was, is])).toEqual([
      ['providers.north.region', 'north', 'east'],
      ['providers.north.tokenFile', '(not shown)', '(changed, not shown)'],
      ['providers.south.tokenFile', '(not shown)', '(changed, not shown)'],
      ['autoScalingGroups.web.launchTemplate.image', 'debian', 'ubuntu'],
      ['autoScalingGroups.web.launchTemplate.userData', '(not shown)', '(changed, not shown)'],
    ]);
    const wrong = text.replace('image: ubuntu, userData: two', 'image: ubuntu, userData: [hunter2]');
    expect(errorsOf(wrong)).not.toContain('hunter2');
  });
});

import { describe, expect, it } from 'vitest';
import { withoutCredentials } from '../../../src/base/credentials.ts';
import { diffFleets } from '../../../src/fleet/diff.ts';
import { formatErrors } from '../../../src/fleet/file/errors.ts';
import { parseFleet } from '../../../src/fleet/file/load.ts';
import { shownSettings } from '../../../src/fleet/file/shown-settings.ts';
import { metricSourceTypes } from '../../../src/metrics/registry.ts';
import type { Fleet } from '../../../src/model/fleet.ts';
import { providerTypes } from '../../../src/providers/registry.ts';

const SECRET = 'hunter2';

function parse(text: string) {
  return parseFleet({ text, path: '/srv/fleet.yaml', providers: providerTypes, sources: metricSourceTypes });
}

/** All that is said of a file with errors, for people and for programs. */
function saidOf(text: string): string {
  const result = parse(text);
  if (result.ok) throw new Error('the file is valid');
  return `${formatErrors(result.errors)}\n${JSON.stringify(result.errors)}`;
}

const fleet = ({ template = '', group = '', top = '', check = '' }) => `fleet: shop
${top}
targetGroups: { web: { healthCheck: { path: "${check === '' ? '/' : check}" } } }
autoScalingGroups:
  web:
    minSize: 1
    maxSize: 2
${group}
    launchTemplate:
      provider: process
      command: [serve]
${template}
`;
const at = (spaces: number, text: string) => text.replaceAll(/^/gm, ' '.repeat(spaces));
const template = (text: string) => fleet({ template: at(6, text) });
const metric = (text: string) => fleet({ group: at(4, `metrics:\n  jobs:\n${at(4, text)}`) });

describe('errors show nothing that no schema marks as public', () => {
  it.each<[string, string]>([
    ['a number where text belongs', template('environment: { T: 1, U: hunter2 }')],
    ['an explicit key', template('? environment\n: { T: hunter2, U: 1 }')],
    ['an escaped key', template('"envir\\u006fnment": { T: hunter2, U: 1 }')],
    ['a quoted key over two lines', template("'environment':\n  ? T\n  : [hunter2]")],
    ['a block of text', template('environment:\n  T: |\n    port: hunter2\n  U: 1')],
    ['folded text', template('environment: { T: "a\n   hunter2", U: 1 }')],
    ['a tag', template('environment: { T: !hunter2 x }')],
    ['a tag of the core', template('environment: { T: !!int hunter2 }')],
    ['an alias that is none', template('environment: { T: *hunter2 }')],
    ['an alias of a secret', template('environment: { T: &t hunter2 }\nweight: *t')],
    ['an alias of a list with one', template('environment: { T: &t [hunter2] }\nportRange: *t')],
    ['an anchor', template('environment: { T: &hunter2 x, T: y }')],
    ['a key twice', template('environment: { hunter2: x, hunter2: y }')],
    ['a value that has become a key', template('environment: { "hunter2 and more": x }')],
    ['a URL that has become a key', template('{ "redis://u:hunter2@h" : x }')],
    ['too little indentation', template('environment:\nT: hunter2\n  U: x')],
    ['a tab', template('environment:\n\tT: hunter2')],
    ['an escape that is none', template('environment: { T: "\\hunter2" }')],
    ['quotes without end', template('environment: { T: "hunter2 }')],
    ['a merge key', template('<<: { T: hunter2 }')],
    ['a comment', template('weight: 0 # was hunter2')],
    ['arguments', template('portRange: { from: 0, to: 1 } # x').replace('[serve]', '[serve, --pass, hunter2, 60]')],
    ...['pass', 'pwd', 'auth', 'bearer', 'cookie', 'enviroment', 'x-api', 'dsn'].map((key): [string, string] => [
      `an unknown key ${key}`,
      template(`${key}: hunter2`),
    ]),
    ['an unknown key with a mapping', template('secrets:\n  db:\n    - hunter2')],
    ['an unknown key at the top', fleet({ top: 'auth: { user: hunter2 }' })],
    ['a key at a wrong place', fleet({ group: at(4, 'environment: { T: hunter2 }') })],
    ['a password with a slash', metric('source: http\nurl: "http://u:a/hunter2@h"')],
    ['a password with a space and a quote', metric('source: http\nurl: "http://u:a \'hunter2@h"')],
    ['a query', metric('source: http\nurl: "http://h/?key=hunter2#x"')],
    ['a query for Prometheus', metric('source: prometheus\nurl: "http://h/?key=hunter2#x"\nquery: up')],
    ['a password for Redis', metric('source: queue\nkind: redis\nurl: "redis://:hunter2@h"\nkey: k')],
    ['a header', metric('source: http\nurl: http://h\nheaders: { Cookie: { value: hunter2 } }')],
    ['a header that is text', metric('source: http\nurl: http://h\nheaders: { a: hunter2 }')],
    ['a prefix of a header', metric('source: http\nurl: http://h\nheaders: { a: { prefix: "hunter2\\n", file: x } }')],
    ['settings of a source that there is not', metric('source: htp\nurl: "http://h/hunter2"')],
    ['a command of a metric', metric('source: exec\ncommand: [curl, -H, "A: hunter2", 1]')],
    ['a query of a health check', fleet({ check: '/health?key=hunter2 x' })],
  ])('%s', (_, text) => {
    const said = saidOf(text);
    expect(said).toContain('/srv/fleet.yaml:');
    expect(said).not.toContain(SECRET);
  });

  it('and go on to show what is public, with its line', () => {
    expect(saidOf(template('weight: 1000'))).toContain('launchTemplate.weight: 1000  it must be at most 256\n');
    expect(saidOf(template('weight: 1000'))).toContain('12 |       weight: 1000\n');
    expect(saidOf(template('provider2: x').replace('minSize: 1', 'minSize: 9'))).toContain(
      'provider2  unknown key; did you mean provider?',
    );
    expect(saidOf(metric('source: file\npath: ""'))).toContain('path: ""');
    expect(saidOf(template('stopTimeout: 10'))).toContain('write 10s for seconds');
    expect(saidOf(template('').replace('process', 'proces'))).toContain(
      'there is no provider "proces"; did you mean process?',
    );
  });
});

describe('comparisons show nothing that no schema marks as public', () => {
  const changes = (before: string, after: string) => {
    const shown = shownSettings({ providers: providerTypes, sources: metricSourceTypes });
    return diffFleets(fleetOf(before), fleetOf(after), shown).map(
      ({ path, before: old, after: next }) => `${path.replace('autoScalingGroups.web.', '')}: ${old} -> ${next}`,
    );
  };

  function fleetOf(text: string): Fleet {
    const result = parse(text);
    if (!result.ok) throw new Error(formatErrors(result.errors));
    return result.fleet;
  }

  it('of launch templates', () => {
    const before = template('environment: { A: hunter2, B: x }\nstopTimeout: 10s');
    const after = template(
      'environment: { A: hunter22, C: hunter2 }\nstopTimeout: 5s\nportRange: { from: 1, to: 9 }\nworkingDirectory: /srv',
    ).replace('[serve]', '[serve, --auth, hunter2]');
    expect(changes(before, after)).toEqual([
      'launchTemplate.command: (not shown) -> (changed, not shown)',
      'launchTemplate.environment.A: (not shown) -> (changed, not shown)',
      'launchTemplate.environment.B: (not shown) -> null',
      'launchTemplate.portRange: {"from":20000,"to":29999} -> {"from":1,"to":9}',
      'launchTemplate.stopTimeout: 10s -> 5s',
      'launchTemplate.environment.C: null -> (not shown)',
    ]);
  });

  it('of metrics', () => {
    const before = metric(
      'source: http\nurl: "http://h/a?key=hunter2"\npointer: /a\nheaders: { x: { value: hunter2 }, y: { file: t } }',
    );
    const after = metric(
      'source: http\nurl: "http://h/b?key=hunter2"\npointer: /b\nheaders: { x: { value: hunter22 }, y: { file: u } }',
    );
    expect(changes(before, after)).toEqual([
      'metrics.jobs.url: (not shown) -> (changed, not shown)',
      'metrics.jobs.pointer: /a -> /b',
      'metrics.jobs.headers.x.value: (not shown) -> (changed, not shown)',
      'metrics.jobs.headers.y.file: /srv/t -> /srv/u',
    ]);
    const queue = (key: string) => metric(`source: queue\nkind: redis\nurl: "redis://h"\nkey: ${key}`);
    expect(changes(queue('a'), queue('b'))).toEqual(['metrics.jobs.key: a -> b']);
  });

  it('of health checks', () => {
    const lines = changes(fleet({ check: '/h?key=hunter2' }), fleet({ check: '/h?key=hunter22' }));
    expect(lines).toEqual([expect.not.stringContaining(SECRET)]);
  });
});

it('the second fence: no user, password or query of a URL in what is public', () => {
  for (const url of [
    'http://u:hunter2@h/x',
    'redis://:a/hunter2@h',
    'http://u:a "\'hunter2@h',
    'http://h/x?a=hunter2',
    '/x?a&b=hunter2',
  ]) {
    expect(withoutCredentials(`see ${url}, please`)).not.toContain(SECRET);
  }
  expect(withoutCredentials('is it http://h/x? yes')).toBe('is it http://h/x? yes');
});

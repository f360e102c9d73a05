import { describe, expect, it } from 'vitest';
import { errorsOf } from './load-for-test.ts';
import { secretLines } from './secret-lines.ts';

const group = (launchTemplate: string) => `fleet: shop
autoScalingGroups:
  web:
    minSize: 1
    maxSize: 1
    launchTemplate:
      provider: process
      command: [serve]
${launchTemplate}
`;

describe('errors', () => {
  it.each([
    ['a value that is not text', '      environment: { TOKEN: 1234567 }'],
    ['a value on a line of its own', '      environment:\n        TOKEN: 1234567'],
    ['a value that is a list', '      environment:\n        TOKEN:\n          - 1234567'],
    ['a misspelt key', '      enviroment: { TOKEN: "1234567" }'],
    ['a misspelt key with one value', '      env: "1234567"'],
    ['a key at the wrong place', '    environment: { TOKEN: "1234567" }'],
    ['an error elsewhere on the line', '      x: { environment: { TOKEN: "1234567" } }'],
    ['quotes that do not end', '      environment: { TOKEN: "1234567 }'],
    ['brackets that do not end', '      environment: { TOKEN: 1234567'],
    ['a tab', '      environment:\n\tTOKEN: 1234567'],
    ['too little indentation', '      environment:\n      TOKEN: 1234567'],
    ['no indentation', '      environment:\nA: b\nTOKEN: 1234567'],
    ['a tag', '      environment: { TOKEN: !1234567 x }'],
    ['an alias', '      environment: { TOKEN: *1234567 }'],
    ['a reserved character', '      environment: { TOKEN: @1234567 }'],
    ['a stray bracket', '      environment:\n        TOKEN: }1234567'],
    ['JSON', '      "environment": {\n  "TOKEN":\n1234567 }'],
    ['lines of text', '      environment:\n        TOKEN: |\n          a\n\n          1234567\n      weight: 0'],
  ])('do not quote what may be secret: %s', (_, text) => {
    const errors = errorsOf(group(text));
    expect(errors).toContain('/srv/shop/fleet.yaml:');
    expect(errors).not.toContain('1234567');
  });

  it('say where a variable is wrong, and what would be right', () => {
    expect(errorsOf(group('      environment: { TOKEN: 1234567 }'))).toBe(
      '/srv/shop/fleet.yaml:9:22  autoScalingGroups.web.launchTemplate.environment.TOKEN  it must be text: put it in quotes',
    );
  });

  it('go on to quote what is no secret', () => {
    const errors = errorsOf(group('      environment: { TOKEN: "1234567" }\n      weight: 1000'));
    expect(errors).toContain('weight: 1000');
  });
});

it('secret lines end with the indentation or with the bracket that they began with', () => {
  const text = 'a:\n  environment:\n    A: b\n\n    C: d\n  e: f\n  environment: {\nA: "}",\nB: c\n}\ng: h\n';
  expect([...secretLines(text)]).toEqual([2, 3, 5, 7, 8, 9, 10]);
});

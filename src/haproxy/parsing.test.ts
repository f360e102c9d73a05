import { describe, expect, it } from 'vitest';
import { sampleGroup, sampleState } from '../../test/haproxy-samples.ts';
import { PortError } from '../ports/errors.ts';
import { alertsIn } from './binary.ts';
import { capabilitiesOf, isSupported, parseVersion } from './capabilities.ts';
import { describeChange, parseSkeleton, serializeSkeleton, skeletonOf } from './last-good.ts';
import { parseProcesses } from './master.ts';
import { splitReplies } from './runtime.ts';

describe('parseVersion', () => {
  it.each([
    [
      'HAProxy version 2.6.12-1+deb12u4 2026/10/17 - https://haproxy.org/\nStatus: long-term',
      '2.6.12-1+deb12u4',
      true,
      true,
    ],
    ['HAProxy version 3.2.26-1 2026/10/14 - https://haproxy.org/', '3.2.26-1', true, false],
    ['HAProxy version 2.4.22-0ubuntu0.22.04.3 2023/12/04', '2.4.22-0ubuntu0.22.04.3', false, true],
    ['HA-Proxy version 1.8.27 2020/11/06', '1.8.27', false, true],
  ])('reads %s', (output, text, supported, poolLimitsNeeded) => {
    const version = parseVersion(output);
    expect(version?.text).toBe(text);
    expect(version !== null && isSupported(version)).toBe(supported);
    expect(version !== null && capabilitiesOf(version).poolLimitsNeeded).toBe(poolLimitsNeeded);
  });

  it('knows what is no HAProxy', () => {
    expect(parseVersion('nginx version: nginx/1.22.1')).toBeNull();
  });
});

describe('splitReplies', () => {
  it('tells silence from words, also where HAProxy 2.6 leaves the empty line out', () => {
    expect(splitReplies('New server registered.\n\n\n\n', 3)).toEqual(['New server registered.', '', '']);
    expect(splitReplies('\nNo such server.\n\n\n', 3)).toEqual(['', 'No such server.', '']);
    expect(splitReplies('Server deleted.\nNo such server.\n', 2)).toEqual(['Server deleted.', 'No such server.']);
    expect(splitReplies('Server deleted.\n\nNo such server.\n\n', 2)).toEqual(['Server deleted.', 'No such server.']);
  });

  it('refuses more or fewer than there were commands', () => {
    expect(() => splitReplies('', 1)).toThrow(PortError);
    expect(() => splitReplies('\n', 2)).toThrow(PortError);
    expect(() => splitReplies('a\n\nb\n\n', 1)).toThrow(PortError);
  });
});

describe('parseProcesses', () => {
  const head = '#<PID>          <type>          <reloads>       <uptime>        <version>      \n';

  it('finds old workers and failed reloads', () => {
    const reply =
      `${head}16762           master          2 [failed: 1]   0d00h00m28s     2.6.12-1\n# workers\n` +
      '16912           worker          0               0d00h00m26s     2.6.12-1\n# old workers\n' +
      '16765           worker          1               0d00h00m02s     2.6.12-1\n' +
      '16766           worker          2               0d00h00m02s     2.6.12-1\n# programs\n\n';
    expect(parseProcesses(reply)).toEqual({
      master: 16762,
      reloads: 2,
      failedReloads: 1,
      oldWorkers: [expect.objectContaining({ pid: 16765 }), expect.objectContaining({ pid: 16766 })],
    });
  });

  it('finds none where there are none', () => {
    const reply = `${head}7               master          0 [failed: 0]   0d00h00m28s     3.2.26-1\n# workers\n8 worker 0 0d 3.2\n\n`;
    expect(parseProcesses(reply).oldWorkers).toEqual([]);
    expect(() => parseProcesses('')).toThrow(PortError);
  });
});

describe('alertsIn', () => {
  it("is HAProxy's complaints in one sentence", () => {
    const output =
      '[NOTICE]   (1) : haproxy version is 2.6.12\n' +
      '[ALERT]    (1) : config : parsing [a.cfg:3] : unknown keyword.\n[WARNING]  (1) : b\n[ALERT]    (1) : c\n';
    expect(alertsIn(output)).toBe('config : parsing [a.cfg:3] : unknown keyword.; c');
    expect(alertsIn('')).toBe('');
  });
});

describe('the last good skeleton', () => {
  const before = skeletonOf(sampleState([]));

  it('survives the disk, and damage is as good as none', () => {
    expect(parseSkeleton(serializeSkeleton(before))).toEqual(before);
    expect(parseSkeleton('{"loadBalancer":1}')).toBeNull();
    expect(parseSkeleton('garbage')).toBeNull();
    expect(parseSkeleton(null)).toBeNull();
  });

  it('tells what a change is about', () => {
    const other = { ...sampleGroup, name: 'other' };
    const statsPage = { address: '127.0.0.1', port: 8404 };
    expect(describeChange(before, before)).toBe('the configuration is written differently');
    expect(describeChange(null, before)).toMatch(/not the one/);
    expect(
      describeChange(before, { ...before, loadBalancer: { ...before.loadBalancer, statsPage, listeners: [] } }),
    ).toBe('listeners changed, statistics page changed');
    expect(describeChange(before, { ...before, targetGroups: [{ ...sampleGroup, slowStartMs: 1 }, other] })).toBe(
      'target group hello changed, target group other added',
    );
    expect(describeChange(before, { ...before, targetGroups: [other] })).toBe(
      'target group other added, target group hello removed',
    );
  });
});

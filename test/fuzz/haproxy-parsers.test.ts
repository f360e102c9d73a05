import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseVersion } from '../../src/haproxy/capabilities.ts';
import { parseCsv, parseInfo } from '../../src/haproxy/csv.ts';
import { parseProcesses } from '../../src/haproxy/master.ts';
import { NO_MEMORY, observation } from '../../src/haproxy/observation.ts';
import { parseReport } from '../../src/haproxy/reading.ts';
import { parseTraffic } from '../../src/haproxy/report.ts';
import { splitReplies } from '../../src/haproxy/runtime.ts';
import { parseStateFile } from '../../src/haproxy/state-file.ts';
import { PortError } from '../../src/ports/errors.ts';
import { anyText, bounded, cpuMs, FUZZ_TIMEOUT_MS } from './fuzz.ts';
import { INFO, PROCESSES, REPORT_REPLY, STATE, STATISTICS } from './haproxy-replies.ts';

/** What it costs to read a reply grows with its length and no faster: so much is plenty for these. */
const PATIENCE_MS = 1_000;

/** The value, or the PortError that says that there is none; anything else that is thrown fails the test. */
function attempt<T>(parse: () => T): T | PortError {
  const beginMs = cpuMs();
  try {
    return parse();
  } catch (error) {
    expect(error).toBeInstanceOf(PortError);
    expect(error).toMatchObject({ code: 'haproxyReply', reaction: 'Transient' });
    return error as PortError;
  } finally {
    expect(cpuMs() - beginMs).toBeLessThan(PATIENCE_MS);
  }
}

function checkReport(reply: string): void {
  const report = attempt(() => parseReport(reply));
  if (report instanceof PortError) {
    expect(report.message.length).toBeLessThan(2_000);
    return;
  }
  for (const server of report.servers.values()) {
    const numbers = [server.id, server.port, server.weight, ...Object.values(server.traffic)];
    expect(numbers.every(Number.isFinite)).toBe(true);
  }
  const seen = observation(report, new Map(), false, NO_MEMORY);
  for (const { targets } of seen.targetGroups) {
    for (const { traffic, idleObservations } of targets) {
      expect([idleObservations, ...Object.values(traffic)].every(Number.isFinite)).toBe(true);
    }
  }
}

/** A reply as it could come over a bad line: cut, with something in it, with pieces at the wrong place. */
function damaged(reply: string): fc.Arbitrary<string> {
  const place = fc.nat({ max: reply.length });
  const piece = fc.oneof(
    anyText,
    fc.constantFrom(',', '"', '""', '\n', '\n\n', '# ', ' ', '-', '1\n', '\0', ',,,,', '"\n', '18446744073709551616'),
    fc.tuple(place, place).map(([from, to]) => reply.slice(from, to)),
  );
  const change = fc.oneof(
    fc.tuple(place, fc.nat({ max: 200 }), piece).map(
      ([from, length, text]) =>
        (all: string) =>
          all.slice(0, from) + text + all.slice(from + length),
    ),
    place.map((to) => (all: string) => all.slice(0, to)),
    place.map((from) => (all: string) => all.slice(from)),
  );
  return fc
    .array(change, { minLength: 1, maxLength: 3 })
    .map((changes) => changes.reduce((all, one) => one(all), reply));
}

const anyReply = (reply: string) =>
  fc.oneof({ arbitrary: damaged(reply), weight: 4 }, anyText, fc.string({ unit: 'binary', maxLength: 500 }));

describe('what HAProxy answers', () => {
  it('is read where it is whole', () => {
    const report = parseReport(REPORT_REPLY);
    expect([...report.servers.keys()]).toEqual(['hello/i-1', 'hello/i-2']);
    expect(report.frontends).not.toEqual([]);
    expect(parseProcesses(PROCESSES).oldWorkers).toHaveLength(1);
  });

  it('is not believed where a part of it is missing', () => {
    for (const part of [INFO, STATISTICS, STATE]) {
      expect(() => parseReport(REPORT_REPLY.replace(part, ''))).toThrow(PortError);
    }
  });

  it('is not believed where it was cut off, wherever that was', () => {
    for (let length = 0; length < REPORT_REPLY.length; length += 1) {
      const servers = attempt(() => parseReport(REPORT_REPLY.slice(0, length)).servers.size);
      if (!(servers instanceof PortError)) expect(servers).toBe(2);
    }
  });

  it.each([
    ['a report', REPORT_REPLY, checkReport],
    ['the list of processes', PROCESSES, (text: string) => attempt(() => parseProcesses(text))],
    ['server traffic', STATISTICS, (text: string) => attempt(() => parseTraffic(text))],
    ['CSV', STATISTICS, (text: string) => attempt(() => parseCsv(text))],
    ['name and value lines', INFO, (text: string) => attempt(() => parseInfo(text))],
    ['the state file', STATE, (text: string) => attempt(() => parseStateFile(text))],
    ['its version', 'HAProxy version 2.6.12-1+deb12u4 2026/01/01', (text: string) => attempt(() => parseVersion(text))],
    ['replies to commands', 'New server registered.\n\n\n\n', (text: string) => attempt(() => splitReplies(text, 4))],
  ])(
    '%s, damaged, is read or refused',
    (_, reply, check) => {
      fc.assert(
        fc.property(anyReply(reply), (text) => void check(text)),
        bounded(1_000),
      );
    },
    FUZZ_TIMEOUT_MS,
  );

  it.each([
    ['commas', `# ${','.repeat(500_000)}\n${','.repeat(500_000)}\n`],
    ['quotes', `# a,b\n${'"'.repeat(1_000_000)}`],
    ['doubled quotes', `# a,b\n"${'""'.repeat(500_000)}`],
    ['newlines', '\n'.repeat(1_000_000)],
    ['blanks', `1\n# ${' '.repeat(1_000_000)}\n${' '.repeat(1_000_000)}`],
    ['digits', '1'.repeat(1_000_000)],
    ['digits and blanks', '1 '.repeat(500_000)],
    ['masters', '1 master x\n'.repeat(100_000)],
    ['colons', ': '.repeat(500_000)],
  ])('a megabyte of %s costs no more than it should', (_, text) => {
    checkReport(text);
    checkReport(`${INFO}${text}\n\n${STATE}`);
    for (const parse of [parseProcesses, parseTraffic, parseCsv, parseInfo, parseStateFile, parseVersion]) {
      attempt(() => parse(text));
    }
    attempt(() => splitReplies(text, 4));
  });
});

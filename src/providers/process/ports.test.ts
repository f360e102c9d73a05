import { describe, expect, it } from 'vitest';
import { PortAllocator } from './ports.ts';

const RANGE = { from: 12_000, to: 12_999 };
const NONE: ReadonlySet<number> = new Set();

describe('PortAllocator', () => {
  it('gives no port twice, however many ask at once', async () => {
    const ports = new PortAllocator(new Set());
    const reserved = await Promise.all(
      Array.from({ length: 50 }, (_, index) => ports.reserve(`i-${index}`, RANGE, NONE)),
    );
    expect(new Set(reserved).size).toBe(50);
    expect(reserved.every((port) => port >= RANGE.from && port <= RANGE.to)).toBe(true);
  });

  it('starts at a place that follows from the id, and passes over what is taken', async () => {
    const first = await new PortAllocator(new Set()).reserve('i-1', RANGE, NONE);
    expect(await new PortAllocator(new Set()).reserve('i-1', RANGE, NONE)).toBe(first);
    expect(await new PortAllocator(new Set()).reserve('i-1', RANGE, new Set([first]))).not.toBe(first);
  });

  it('gives a port again that was released', async () => {
    const ports = new PortAllocator(new Set());
    const first = await ports.reserve('i-1', RANGE, NONE);
    expect(await ports.reserve('i-1', RANGE, NONE)).not.toBe(first);
    ports.release(first);
    expect(await ports.reserve('i-1', RANGE, NONE)).toBe(first);
  });

  it('comes round to the start of the range', async () => {
    const all = Array.from({ length: 10 }, (_, index) => RANGE.from + index);
    const taken = new Set(all.slice(1));
    expect(await new PortAllocator(new Set()).reserve('i-1', { from: RANGE.from, to: RANGE.from + 9 }, taken)).toBe(
      RANGE.from,
    );
  });

  it('gives out no port twice where two providers of a host share a range', async () => {
    const range = { from: RANGE.from, to: RANGE.from + 1 };
    const [one, other] = [new PortAllocator(), new PortAllocator()];
    const ports = [await one.reserve('i-1', range, NONE), await other.reserve('i-1', range, NONE)];
    expect(new Set(ports)).toEqual(new Set([range.from, range.to]));
    for (const port of ports) one.release(port);
  });
});

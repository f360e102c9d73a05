import { describe, expect, it } from 'vitest';
import { FakeFleetService } from '../../../test/support/fake-service.ts';
import type { FleetStatus } from '../../views/status.ts';
import type { Look } from '../render/look.ts';
import { widthOf } from '../render/text.ts';
import { renderTop } from './frame.ts';
import { press, START, type TopState } from './state.ts';

let now = 0;
function fleetOf(size: number): FleetStatus {
  now = 0;
  const service = new FakeFleetService({ now: () => now, desired: size, maxSize: Math.max(10, size) });
  service.status();
  now = 700;
  service.status();
  now = 4_000;
  return service.status();
}

const look = (columns: number, rows: number): Look => {
  return { columns, rows, color: false, unicode: true, now, program: 'drover' };
};

function typed(keys: readonly string[], status: FleetStatus, from: TopState = START): TopState {
  return keys.reduce((state, key) => {
    return press(state, key.length === 1 ? { name: key, sequence: key } : { name: key }, status, 10);
  }, from);
}

function screen(state: TopState, status: FleetStatus, columns = 100, rows = 30, first = 0) {
  return renderTop({ status, state, activities: [], notice: null }, look(columns, rows), first);
}

const marked = (lines: readonly string[]) => lines.find((line) => line.startsWith('❯'));

describe('top', () => {
  it.each([
    [40, 5],
    [60, 12],
    [80, 24],
    [200, 60],
  ])('fills a screen of %i columns and %i rows, and no more', (columns, rows) => {
    const status = fleetOf(300);
    for (const keys of [[], ['return'], ['return', 'return'], ['?'], ['return', 'end']]) {
      const { lines } = screen(typed(keys, status), status, columns, rows);
      expect(lines).toHaveLength(rows);
      expect(lines.filter((line) => widthOf(line) > columns)).toEqual([]);
    }
  });

  it('the marked row stays marked when rows before it come and go', () => {
    const status = fleetOf(5);
    const state = typed(['return', 'down', 'down'], status);
    const before = marked(screen(state, status).lines);
    const [group] = status.groups;
    if (group === undefined) throw new Error('no group');
    const fewer = { ...status, groups: [{ ...group, instances: group.instances.slice(2) }] };
    expect(marked(screen(state, fewer).lines)).toBe(before);
    const gone = { ...status, groups: [{ ...group, instances: group.instances.slice(0, 1) }] };
    expect(marked(screen(state, gone).lines)).toContain(group.instances[0]?.id.slice(0, 10));
    expect(marked(screen(typed(['down'], gone, state), gone).lines)).toBeDefined();
  });

  it('keeps the list where it is until the mark leaves the screen', () => {
    const status = fleetOf(100);
    let state = typed(['return', 'end'], status);
    const end = screen(state, status);
    expect(end.lines.join('\n')).toContain('100 of 100');
    state = typed(['up', 'up'], status, state);
    expect(screen(state, status, 100, 30, end.first).first).toBe(end.first);
    state = typed(['home'], status, state);
    expect(screen(state, status, 100, 30, end.first).first).toBe(0);
  });

  it('what is typed into the filter is no key, and what is no text is left out', () => {
    const status = fleetOf(20);
    const state = typed(['return', '/', 'q', 's'], status);
    expect(state).toMatchObject({ filter: 'qs', isOver: false, isFiltering: true });
    expect(screen(state, status).lines.join('\n')).toContain('Nothing fits the filter.');
    const pasted = press(state, { sequence: '\u001B[2J' }, status, 10);
    expect(pasted.filter).toBe('qs');
    expect(typed(['escape'], status, state)).toMatchObject({ filter: '', isFiltering: false });
  });

  it('a group or an instance that is gone is said to be, and the way back is open', () => {
    const status = fleetOf(3);
    const instance = typed(['return', 'return'], status);
    const empty = { ...status, groups: [] };
    expect(screen(instance, empty).lines.join('\n')).toContain('is gone.');
    const back = typed(['escape', 'escape'], empty, instance);
    expect(back.place).toEqual({ kind: 'fleet' });
    expect(screen(back, empty).lines.join('\n')).toContain('There are none.');
    expect(typed(['return', 'down', 'pagedown', 'end', 'escape', 's'], empty, back).place).toEqual({ kind: 'fleet' });
  });

  it('ends on q and Ctrl-C, also while something is typed', () => {
    const status = fleetOf(1);
    expect(typed(['q'], status).isOver).toBe(true);
    const filtering = typed(['/', 'a'], status);
    expect(press(filtering, { name: 'c', ctrl: true }, status, 10).isOver).toBe(true);
  });
});

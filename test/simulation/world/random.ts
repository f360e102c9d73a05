/** Chance that can be repeated: everything that the simulation leaves to chance is drawn from one number. */

export interface Random {
  /** At least 0, less than 1. */
  next(): number;
  /** A whole number from `min` to `max`, both included. */
  int(min: number, max: number): number;
  chance(probability: number): boolean;
  /** @throws RangeError when there is nothing to pick from */
  pick<T>(items: readonly T[]): T;
  /** A generator of its own: what is drawn from one never shifts what is drawn from the other. */
  fork(label: string): Random;
}

const UINT32 = 2 ** 32;

/** The sfc32 generator (public domain, from PractRand): small, fast, and even in all bits. */
export function createRandom(seed: number, label = ''): Random {
  let a = seed | 0;
  let b = hash(label);
  let c = Math.trunc(seed / UINT32) | 0;
  let counter = 1;

  const uint32 = (): number => {
    const sum = (a + b + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (((c << 21) | (c >>> 11)) + sum) | 0;
    return sum >>> 0;
  };
  // The first numbers still show how alike two seeds are.
  for (let round = 0; round < 15; round++) uint32();

  const next = (): number => uint32() / UINT32;
  const int = (min: number, max: number): number => min + Math.floor(next() * (max - min + 1));
  return {
    next,
    int,
    chance: (probability) => next() < probability,
    pick: (items) => {
      const item = items[int(0, items.length - 1)];
      if (item === undefined) throw new RangeError('nothing to pick from');
      return item;
    },
    fork: (name) => createRandom(seed, `${label}/${name}`),
  };
}

/** 32 hexadecimal digits. */
export function hex128(random: Random): string {
  const bytes = Buffer.allocUnsafe(16);
  for (let offset = 0; offset < bytes.length; offset += 4) bytes.writeUInt32BE(random.int(0, UINT32 - 1), offset);
  return bytes.toString('hex');
}

/** FNV-1a. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let index = 0; index < text.length; index++) {
    value = Math.imul(value ^ text.charCodeAt(index), 0x01000193);
  }
  return value | 0;
}

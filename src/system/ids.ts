import { randomBytes } from 'node:crypto';
import type { Ids } from '../ports/ids.ts';

export const systemIds: Ids = {
  seed: () => randomBytes(16).toString('hex'),
};

import fc from 'fast-check';
import { expect, it } from 'vitest';
import { ReplyBuffer } from './reply-buffer.ts';

it('holds what was added since it was cleared, whatever it held before', () => {
  const chunk = fc.uint8Array({ maxLength: 6_000 });
  fc.assert(
    fc.property(fc.array(fc.array(chunk, { maxLength: 4 }), { maxLength: 5 }), (replies) => {
      const buffer = new ReplyBuffer();
      for (const chunks of replies) {
        buffer.clear();
        for (const one of chunks) buffer.add(one);
        expect(buffer.reply.equals(Buffer.concat(chunks))).toBe(true);
      }
    }),
  );
});

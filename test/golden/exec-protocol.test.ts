import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { protocolJsonSchema, replySchemas } from '../../src/providers/exec/protocol.ts';

const page = readFileSync(new URL('../../docs/providers/exec.md', import.meta.url), 'utf8');
const examples = [...page.matchAll(/```json\n(.*?)```/gs)].map(([, text = '']) => JSON.parse(text));

it('the protocol of exec has an up to date JSON Schema (npx vitest run -u writes it)', async () => {
  await expect(`${JSON.stringify(protocolJsonSchema(), null, 2)}\n`).toMatchFileSnapshot(
    '../../schema/exec-provider.schema.json',
  );
});

it('docs/providers/exec.md shows answers that are valid', () => {
  const [, machine, , list] = examples;
  expect(replySchemas.launch.safeParse(machine).error?.issues).toBeUndefined();
  expect(replySchemas.list.safeParse(list).error?.issues).toBeUndefined();
});

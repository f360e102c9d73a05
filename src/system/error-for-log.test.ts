import { expect, it } from 'vitest';
import { errorForLog } from './error-for-log.ts';

it('logs what an error says and where it was met, and not what it carries', () => {
  const refused = Object.assign(new Error('connect ECONNREFUSED'), {
    code: 'ECONNREFUSED',
    config: { headers: { authorization: 'Bearer hunter2' } },
  });
  const error = Object.assign(new TypeError('the call failed', { cause: refused }), {
    request: { password: 'hunter2' },
  });
  const logged = errorForLog(error);
  expect(logged).toMatchObject({
    type: 'TypeError',
    message: 'the call failed',
    cause: { type: 'Error', message: 'connect ECONNREFUSED', code: 'ECONNREFUSED' },
  });
  expect(logged.stack).toContain('error-for-log.test');
  expect(JSON.stringify(logged)).not.toContain('hunter2');
});

it('ends with a chain of causes that does not', () => {
  const error = new Error('one of its own causes');
  error.cause = error;
  expect(JSON.stringify(errorForLog(error))).toContain('one of its own causes');
});

it('takes what is no error', () => {
  expect(errorForLog('nothing but a text')).toEqual({ type: 'string', message: 'nothing but a text' });
});

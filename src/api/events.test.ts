import { mkdtemp, rm } from 'node:fs/promises';
import { get, type IncomingMessage } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { apiOf } from '../../test/support/api.ts';
import { FakeFleetService } from '../../test/support/fake-service.ts';
import { EVENTS } from './schemas.ts';
import { listen } from './socket.ts';

interface Event {
  readonly id: string | null;
  readonly event: string;
  readonly data: unknown;
}

let folder: string;
let path: string;
let service: FakeFleetService;
let app: ReturnType<typeof apiOf>;
let open: IncomingMessage[];
let received: (readonly Event[])[];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'drover-events-'));
  service = new FakeFleetService({ now: () => 1_000_000 });
  app = apiOf(service);
  path = await listen(app, folder);
  open = [];
  received = [];
});
afterEach(async () => {
  for (const event of received.flat()) check(event);
  for (const response of open) response.destroy();
  await app.close();
  await rm(folder, { recursive: true, force: true });
});

/** @returns the events so far, which grow, and the end of the stream */
async function follow(headers: Record<string, string> = {}) {
  const response = await new Promise<IncomingMessage>((resolve, reject) =>
    get({ socketPath: path, path: '/v1/events', headers }, resolve).on('error', reject),
  );
  open.push(response);
  const events: Event[] = [];
  received.push(events);
  let text = '';
  response.setEncoding('utf8').on('data', (chunk: string) => {
    const frames = (text + chunk).split('\n\n');
    text = frames.pop() ?? '';
    for (const frame of frames) {
      const fields = new Map(
        frame.split('\n').map((line) => [line.split(': ', 1)[0] ?? '', line.slice(line.indexOf(': ') + 2)]),
      );
      const event = fields.get('event');
      if (event === undefined) continue;
      const data: unknown = JSON.parse(fields.get('data') ?? '');
      events.push({ id: fields.get('id') ?? null, event, data });
    }
  });
  await expect.poll(() => events.length).toBeGreaterThan(0);
  return { response, events };
}

/** What is sent is what is described. */
function check({ event, data }: Event): void {
  if (event === 'hello' || event === 'reset') return;
  expect(Object.keys(EVENTS)).toContain(event);
  expect(EVENTS[event as keyof typeof EVENTS].safeParse(data).error).toBeUndefined();
}

const sequences = (events: readonly Event[]) =>
  events.flatMap(({ event, id }) => (event === 'activity' ? [Number(id)] : []));

it('says at first what is the newest activity, then each one that comes', async () => {
  const { response, events } = await follow();
  expect(response.headers).toMatchObject({ 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
  const [hello] = events;
  expect(hello).toMatchObject({ event: 'hello', data: { fleet: 'hello' } });
  service.report('warning', 'unhealthy', null, 'It does not answer.');
  await expect.poll(() => sequences(events)).toEqual([Number(hello?.id) + 1]);
  expect(events.find(({ event }) => event === 'activity')?.data).toMatchObject({
    reason: 'unhealthy',
    message: 'It does not answer.',
  });
});

it('goes on after the activity that was the last one, without a gap and without another one twice', async () => {
  for (let index = 0; index < 1_200; index += 1) service.report('info', 'launch', null, `number ${index}`);
  const { events } = await follow({ 'last-event-id': '7' });
  for (let index = 0; index < 50; index += 1) service.report('info', 'launch', null, `later ${index}`);
  const last = 1_200 + 50 + (service.status().groups[0]?.instances.length ?? 0) + 1;
  await expect.poll(() => sequences(events).at(-1), { timeout: 5_000 }).toBe(last);
  expect(sequences(events)).toEqual(Array.from({ length: last - 7 }, (_, index) => index + 8));
});

it('says so when the activities are others than the client knows', async () => {
  const { events } = await follow({ 'last-event-id': '9999' });
  expect(events[0]).toMatchObject({ event: 'reset' });
});

it('sends whole rows of what is different', async () => {
  const { events } = await follow();
  const id = service.status().groups[0]?.instances[0]?.id ?? '';
  await service.setDesiredCapacity('hello', 4);
  await service.drainInstance(id, true);
  await expect
    .poll(() => events.filter(({ event }) => event === 'groups').at(-1)?.data)
    .toMatchObject({ changed: [{ name: 'hello', desired: 4 }] });
  const rows = events.flatMap(({ event, data }) =>
    event === 'instances' ? (data as { changed: { id: string }[] }).changed : [],
  );
  expect(rows).toContainEqual(service.instance(id));
});

it('tells all who listen, and closes its feed with the last of them', async () => {
  let feeds = 0;
  const feed = service.feed.bind(service);
  service.feed = (onNews) => {
    const opened = feed(onNews);
    feeds += 1;
    return {
      take: opened.take,
      close: () => {
        feeds -= 1;
        opened.close();
      },
    };
  };
  const all = await Promise.all(Array.from({ length: 20 }, () => follow()));
  service.report('info', 'launch', null, 'for all');
  for (const { events } of all) await expect.poll(() => sequences(events)).toHaveLength(1);
  expect(feeds).toBe(1);
  for (const { response } of all) response.destroy();
  await expect.poll(() => feeds).toBe(0);
  const { events } = await follow();
  service.report('info', 'launch', null, 'for one');
  await expect.poll(() => sequences(events)).toHaveLength(1);
});

it('ends with the API', async () => {
  const { response } = await follow();
  const ended = new Promise((resolve) => response.once('close', resolve));
  await app.close();
  await ended;
});

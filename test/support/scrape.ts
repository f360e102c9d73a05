import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { text } from 'node:stream/consumers';
import { socketPath } from '../../src/api/socket.ts';
import type { Answer } from './request.ts';

/** What a path of the API answers on its socket. */
export async function askApi(dataDir: string, path: string): Promise<Answer & { readonly type: string }> {
  const asked = request({ socketPath: socketPath(dataDir), path, agent: false }).end();
  const [response] = (await once(asked, 'response')) as [IncomingMessage];
  const type = response.headers['content-type'] ?? '';
  return { status: response.statusCode ?? 0, body: await text(response), type };
}

export interface Series {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** What Prometheus would read, and the types that it is said to be of. */
export class Scrape {
  readonly text: string;
  readonly types: ReadonlyMap<string, string>;
  readonly series: readonly Series[];

  constructor(exposition: string) {
    this.text = exposition;
    this.types = new Map(
      [...exposition.matchAll(/^# TYPE (\S+) (\S+)$/gm)].map(([, name = '', type = '']) => [name, type]),
    );
    this.series = [...exposition.matchAll(/^([a-z_:]+)(?:\{(.*)\})? (\S+)$/gm)].map(([, name = '', labels, value]) => ({
      name,
      labels: Object.fromEntries(
        [...(labels ?? '').matchAll(/([a-z_]+)="((?:[^"\\]|\\.)*)"/g)].map(([, key = '', text = '']) => [key, text]),
      ),
      value: Number(value),
    }));
  }

  /** The sum over all series of the name whose labels are these. */
  sum(name: string, labels: Readonly<Record<string, string>> = {}): number {
    return this.series
      .filter((one) => one.name === name && Object.entries(labels).every(([key, value]) => one.labels[key] === value))
      .reduce((sum, { value }) => sum + value, 0);
  }
}

export async function scrape(dataDir: string): Promise<Scrape> {
  return new Scrape((await askApi(dataDir, '/metrics')).body);
}

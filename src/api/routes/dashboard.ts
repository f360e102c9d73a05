import { readdir, readFile } from 'node:fs/promises';
import { extname, join, sep } from 'node:path';
import { promisify } from 'node:util';
import { brotliCompress, constants } from 'node:zlib';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';

const compress = promisify(brotliCompress);
/** Beyond it takes seconds and saves a few percent. */
const COMPRESSION_QUALITY = 9;

/** Nothing from elsewhere, nothing inline, no frame around it. Small pictures of the editor are `data:`. */
export const DASHBOARD_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** Which addresses are the dashboard's pages: all of them are its one document. */
const PAGES = [
  '/',
  '/login',
  '/instances',
  '/instances/*',
  '/groups/*',
  '/load-balancers/*',
  '/activities',
  '/fleet',
  '/settings',
];

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
};

interface File {
  readonly type: string;
  readonly plain: Buffer;
  readonly compressed: Buffer;
}

/**
 * The dashboard's files, open to all: they say nothing of the fleet. They are read when the first of them is asked for, so that a name in a
 * request never becomes a path.
 * @param folder what `npm run build:web` makes; where it is missing every page says so
 */
export function dashboardRoutes(app: FastifyInstance, folder: string): void {
  let reading: Promise<ReadonlyMap<string, File>> | null = null;
  const files = () => {
    reading ??= filesIn(folder).catch((error: unknown) => {
      reading = null;
      throw error;
    });
    return reading;
  };

  for (const page of PAGES) {
    app.get(page, async (request, reply) => {
      const found = (await files().catch(() => null))?.get('/index.html');
      if (found === undefined) {
        return reply
          .code(503)
          .type('text/plain; charset=utf-8')
          .send('The dashboard is not built: npm run build:web\n');
      }
      return answer(request, reply.header('cache-control', 'no-cache'), found);
    });
  }

  for (const asset of ['/icon.svg', '/assets/*']) {
    app.get(asset, async (request, reply) => {
      const path = request.url.split('?', 1)[0] ?? '';
      const found = (await files().catch(() => null))?.get(path);
      if (found === undefined) return reply.callNotFound();
      // Their names change with what they say.
      const isHashed = path.startsWith('/assets/');
      return answer(
        request,
        reply.header('cache-control', isHashed ? 'public, max-age=31536000, immutable' : 'no-cache'),
        found,
      );
    });
  }
}

function answer(request: FastifyRequest, reply: FastifyReply, { type, plain, compressed }: File): FastifyReply {
  const takesBrotli = /\bbr\b/.test(request.headers['accept-encoding'] ?? '');
  if (takesBrotli) reply.header('content-encoding', 'br');
  return reply
    .headers({
      'content-security-policy': DASHBOARD_POLICY,
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
      'cross-origin-opener-policy': 'same-origin',
      'cross-origin-resource-policy': 'same-origin',
      vary: 'accept-encoding',
    })
    .type(type)
    .send(takesBrotli ? compressed : plain);
}

async function filesIn(folder: string): Promise<ReadonlyMap<string, File>> {
  const names = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = names.filter((entry) => entry.isFile());
  return new Map(
    await Promise.all(
      files.map(async ({ parentPath, name }): Promise<[string, File]> => {
        const path = join(parentPath, name);
        const plain = await readFile(path);
        const compressed = await compress(plain, { params: { [constants.BROTLI_PARAM_QUALITY]: COMPRESSION_QUALITY } });
        const type = TYPES[extname(name)] ?? 'application/octet-stream';
        return [path.slice(folder.length).replaceAll(sep, '/'), { type, plain, compressed }];
      }),
    ),
  );
}

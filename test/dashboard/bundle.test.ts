import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { expect, it } from 'vitest';

const DIST = join(import.meta.dirname, '..', '..', 'web', 'dist');
const maxCompressedBytes = 250 * 1_024;

const document = readFileSync(join(DIST, 'index.html'), 'utf8');
const compressedBytes = (name: string) => gzipSync(readFileSync(join(DIST, 'assets', name))).length;

it('is small, with the editor apart', () => {
  const first = readdirSync(join(DIST, 'assets')).filter((name) => document.includes(name));
  const later = readdirSync(join(DIST, 'assets')).filter((name) => !document.includes(name));
  const total = first.reduce((sum, name) => sum + compressedBytes(name), 0);
  expect(first.map((name) => name.replace(/-.*\./, '.'))).toEqual(expect.arrayContaining(['index.js', 'index.css']));
  expect(total).toBeLessThan(maxCompressedBytes);
  expect(later.some((name) => name.startsWith('fleet-editor'))).toBe(true);
});

it('says nothing inline, and loads nothing from elsewhere', () => {
  expect(document).not.toMatch(/<script(?![^>]*\bsrc=)|<style|\bstyle=|\bon\w+=/);
  const addresses = [...document.matchAll(/(?:src|href)="([^"]*)"/g)].map(([, address]) => address ?? '');
  expect(addresses.filter((address) => !address.startsWith('/'))).toEqual([]);
});

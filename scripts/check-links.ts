/**
 * Every relative link in the Markdown files of a folder leads to a file, and every `#anchor` to a heading of it.
 * Usage: `node scripts/check-links.ts [folder]`; exits 1 and names what is broken.
 */
import { existsSync, globSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';

const root = process.argv[2] ?? '.';
const ignoredFolders = new Set(['node_modules', '.git', '.drover']);

const pages = globSync('**/*.md', { cwd: root, exclude: (name) => ignoredFolders.has(name) });
const broken = pages.flatMap((page) => linksOf(page).flatMap((link) => faultOf(page, link)));
for (const fault of broken) console.error(fault);
if (broken.length > 0) process.exitCode = 1;

/** The targets of inline links, images, reference definitions and HTML attributes, outside of code. */
function linksOf(page: string): readonly string[] {
  const text = prose(join(root, page));
  const patterns = [
    /\]\(\s*(?:<([^>\n]+)>|([^)\s]+))/g,
    /^ {0,3}\[[^\]]+\]:\s*<?([^\s>]+)/gm,
    /\b(?:href|src|srcset)="([^"]+)"/g,
  ];
  return patterns.flatMap((pattern) =>
    [...text.matchAll(pattern)].flatMap(([, bracketed, plain]) => bracketed ?? plain ?? []),
  );
}

function faultOf(page: string, link: string): readonly string[] {
  if (/^[a-z][a-z+.-]*:|^\/\//i.test(link)) return [];
  const [path = '', anchor] = link.split('#', 2);
  const target = path === '' ? join(root, page) : join(root, dirname(page), decodeURIComponent(path));
  if (path.startsWith('/') || relative(root, target).startsWith('..'))
    return [`${page}: ${link} leads out of the repository`];
  if (!existsSync(target)) return [`${page}: ${link} leads to nothing`];
  if (anchor === undefined || !target.endsWith('.md') || statSync(target).isDirectory()) return [];
  return anchorsOf(target).has(anchor) ? [] : [`${page}: ${link} names a heading that is not there`];
}

/** As GitHub makes them from headings: lower case, without punctuation, spaces as hyphens, numbered when repeated. */
function anchorsOf(file: string): ReadonlySet<string> {
  const anchors = new Set<string>();
  for (const [, heading = ''] of prose(file, { keepInlineCode: true }).matchAll(/^ {0,3}#{1,6}\s+(.+?)\s*#*$/gm)) {
    const plain = heading.replace(/\[([^\]]*)\]\([^)]*\)/g, '$1').toLowerCase();
    const base = plain.replace(/[^\p{L}\p{N}\p{M} _-]/gu, '').replaceAll(' ', '-');
    let anchor = base;
    for (let count = 1; anchors.has(anchor); count += 1) anchor = `${base}-${count}`;
    anchors.add(anchor);
  }
  return anchors;
}

function prose(file: string, options: { readonly keepInlineCode?: boolean } = {}): string {
  const text = readFileSync(file, 'utf8').replace(/^ {0,3}(`{3,}|~{3,})[\s\S]*?^ {0,3}\1[`~]*\s*$/gm, '');
  return options.keepInlineCode === true ? text : text.replace(/`[^`\n]*`/g, '');
}

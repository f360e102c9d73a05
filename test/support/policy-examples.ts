import { readFileSync } from 'node:fs';

/** The first example on a page of docs/policies: lines of a group in a fleet file. Empty where it has none. */
export function policyExample(page: string): string {
  const text = readFileSync(new URL(`../../docs/policies/${page}.md`, import.meta.url), 'utf8');
  return /```yaml\n([^`]+)```/.exec(text)?.[1] ?? '';
}

/** A fleet file whose one group, `web`, has these lines too. */
export function fleetFileWith(groupLines: string): string {
  return `fleet: shop
loadBalancers:
  web: { listeners: [{ port: 5000, targetGroup: web }] }
targetGroups:
  web: { healthCheck: { path: /health } }
autoScalingGroups:
  web:
    targetGroups: [web]
    minSize: 1
    maxSize: 20
    launchTemplate: { provider: process, command: [node, server.js] }
${groupLines}`;
}

/** As many lines as have room, and how many more there are. */
export function fitted(
  lines: readonly string[],
  most: number,
  {
    separator = '\n',
    sizeOf = (text: string) => text.length,
  }: { separator?: string; sizeOf?: (text: string) => number } = {},
): string {
  const whole = lines.join(separator);
  if (sizeOf(whole) <= most) return whole;
  const rest = (left: number) => `... and ${left} more`;
  const kept: string[] = [];
  let size = sizeOf(`${separator}${rest(lines.length)}`);
  for (const line of lines) {
    size += sizeOf(`${line}${separator}`);
    if (size > most) break;
    kept.push(line);
  }
  return [...kept, rest(lines.length - kept.length)].join(separator);
}

export function bytesOf(text: string): number {
  return Buffer.byteLength(text);
}

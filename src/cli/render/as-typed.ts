/** A sentence with the commands in it as they have to be typed here. */
export function asTyped(text: string, program: string): string {
  return text.replaceAll('`drover ', () => `\`${program} `);
}

/** A token's colour as a canvas understands it: the browser resolves what depends on light and dark. */
export function colourOf(token: string): string {
  const probe = document.createElement('span');
  probe.style.color = `var(${token})`;
  document.body.append(probe);
  const { color } = getComputedStyle(probe);
  probe.remove();
  return color;
}

/** @returns what ends it */
export function onThemeChange(listener: () => void): () => void {
  const system = window.matchMedia('(prefers-color-scheme: dark)');
  system.addEventListener('change', listener);
  document.documentElement.addEventListener('themechange', listener);
  return () => {
    system.removeEventListener('change', listener);
    document.documentElement.removeEventListener('themechange', listener);
  };
}

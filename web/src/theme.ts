/** Light, dark, or as the system has it. */

export const THEMES = ['system', 'light', 'dark'] as const;
export type Theme = (typeof THEMES)[number];

const KEY = 'theme';

export function theme(): Theme {
  return THEMES.find((one) => one === localStorage.getItem(KEY)) ?? 'system';
}

export function setTheme(chosen: Theme): void {
  localStorage.setItem(KEY, chosen);
  applyTheme();
}

export function applyTheme(): void {
  const chosen = theme();
  if (chosen === 'system') delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = chosen;
  // Canvases have the colours of the moment when they were drawn.
  document.documentElement.dispatchEvent(new Event('themechange'));
}

/**
 * Text without the user, password and query that URLs in it may carry, whatever they are written with: `http://user:p/w@host/x?key=y` is shown as
 * `http://(not shown)@host/x?(not shown)`. What is public is decided in settings/public.ts; this is for text that is.
 */
export function withoutCredentials(text: string): string {
  return text.replaceAll(/\/\/[^\n]*@/g, '//(not shown)@').replaceAll(/\?[^\s?"']*=[^\s"']*/g, '?(not shown)');
}

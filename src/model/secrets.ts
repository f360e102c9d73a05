/**
 * Whether what stands below this key of a fleet file may be secret: the variables of a launch template, which is where servers
 * get their passwords from, and what a metric's source proves itself with. Such values are never shown or logged, not even where
 * the key is misspelt (`enviroment`). The name of a file that holds a secret is none.
 */
export function maySecretsBeBelow(key: string | number): boolean {
  const text = String(key);
  return SECRET_KEY.test(text) && !/file$/i.test(text);
}

const SECRET_KEY = /^(?:env[a-z]*|headers?)$|passw|secret|token|credential|authori[sz]|api_?key/i;

/** Text without the passwords that its URLs may carry: `http://user:password@host` is shown as `http://(not shown)@host`. */
export function withoutCredentials(text: string): string {
  return text.replaceAll(/\/\/[^\s/@"']+@/g, '//(not shown)@');
}

/**
 * Whether what stands below this key of a fleet file may be secret: the variables of a launch template, which is where servers
 * get their passwords from. Such values are never shown or logged, not even where the key is misspelt (`enviroment`).
 */
export function maySecretsBeBelow(key: string | number): boolean {
  return /^env[a-z]*$/i.test(String(key));
}

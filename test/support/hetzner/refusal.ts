/** A refusal, as the API answers it. */
export class Refusal extends Error {
  readonly status: number;
  readonly code: string;

  constructor(status: number, code: string, message: string) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

export function invalid(message: string): Refusal {
  return new Refusal(422, 'invalid_input', message);
}

export function found<T extends { readonly id: number }>(
  all: readonly T[],
  id: number,
  what: string,
  code = 'invalid_input',
): T {
  const one = all.find((candidate) => candidate.id === id);
  if (one === undefined) throw new Refusal(code === 'not_found' ? 404 : 422, code, `${what} with ID '${id}' not found`);
  return one;
}

export function now(): string {
  return new Date().toISOString();
}

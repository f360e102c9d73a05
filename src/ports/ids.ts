/** Chance, passed in so that a simulation can own it. */
export interface Ids {
  /** A fresh string of 128 random bits, in hexadecimal. */
  seed(): string;
}

/** Milliseconds since 1970-01-01T00:00:00Z, by the host's clock. It may jump. */
export type EpochMs = number;

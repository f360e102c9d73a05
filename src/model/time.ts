/** Milliseconds since 1970-01-01T00:00:00Z, as the host's clock tells it. It may jump. */
export type EpochMs = number;

import type { Finding } from '../model/finding.ts';

/** What `drover doctor` has looked into. */
export interface DoctorReport {
  readonly subjects: readonly DoctorSubject[];
}

export interface DoctorSubject {
  /** `HAProxy`, `Provider farm`. */
  readonly title: string;
  /** At least one. */
  readonly findings: readonly Finding[];
}

import type { Finding } from '../../model/finding.ts';
import { withDeadline } from '../../ports/deadline.ts';
import { asPortError } from '../../ports/errors.ts';
import { systemClock } from '../../system/clock.ts';
import type { DoctorSubject } from '../../views/doctor.ts';

/** One subject to be looked into. What it throws becomes an error of this subject alone. */
export interface Examination {
  readonly title: string;
  run(signal: AbortSignal): Promise<readonly Finding[]>;
}

/** An error's message as a sentence. */
export function sentence(message: string): string {
  return message.endsWith('.') ? message : `${message}.`;
}

/** All at once, each in its time. @throws the signal's reason, once it has aborted */
export async function examineAll(
  examinations: readonly Examination[],
  timeoutMs: number,
  signal: AbortSignal,
): Promise<readonly DoctorSubject[]> {
  const examine = async ({ title, run }: Examination): Promise<DoctorSubject> => {
    try {
      return { title, findings: await withDeadline(systemClock, timeoutMs, signal, run) };
    } catch (error) {
      signal.throwIfAborted();
      const message = sentence(`It could not be looked into: ${asPortError(error).message}`);
      return { title, findings: [{ level: 'error', message, remedy: null }] };
    }
  };
  return await Promise.all(examinations.map(examine));
}

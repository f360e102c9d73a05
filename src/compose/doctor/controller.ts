import { ApiClient, ApiError } from '../../api/client.ts';
import type { Finding } from '../../model/finding.ts';
import type { Fleet } from '../../model/fleet.ts';

/** Whether one runs in the data folder, and for this fleet. */
export async function examineController(
  dataDir: string,
  fleet: Fleet | null,
  signal: AbortSignal,
): Promise<readonly Finding[]> {
  let client: ApiClient;
  try {
    client = new ApiClient(dataDir);
  } catch (error) {
    // Its socket cannot be there.
    const message = error instanceof Error ? error.message : String(error);
    return [{ level: 'error', message, remedy: null }];
  }
  try {
    const status = await client.status(signal);
    const running: Finding = {
      level: 'ok',
      message: `The controller of fleet ${status.fleet === '' ? '(none yet)' : status.fleet} runs, pid ${status.pid}.`,
      remedy: null,
    };
    if (fleet === null || status.fleet === '' || status.fleet === fleet.name) return [running];
    const message = `The data folder is that of fleet ${status.fleet}, and the fleet file is of fleet ${fleet.name}.`;
    return [running, { level: 'error', message, remedy: 'Name another data folder with --data.' }];
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    if (error.code === 'notRunning') return [{ level: 'ok', message: 'None runs in the data folder.', remedy: null }];
    return [{ level: 'error', message: error.message, remedy: null }];
  } finally {
    await client.close();
  }
}

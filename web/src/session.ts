import { createContext, use } from 'react';
import type { Session } from './api.ts';

export const SessionContext = createContext<Session>({ name: '', role: 'viewer', csrfToken: '' });

export function useSession(): Session {
  return use(SessionContext);
}

/** Whether actions are shown: the API refuses them to a viewer anyway. */
export function useMayAct(): boolean {
  return useSession().role !== 'viewer';
}

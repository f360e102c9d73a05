import { useEffect } from 'react';
import { useLive } from './live.ts';

/** The tab's name: the page, then the fleet. */
export function useTitle(page: string): void {
  const fleet = useLive((state) => state.fleet?.fleet ?? '');
  useEffect(() => {
    document.title = [page, fleet, 'Drover'].filter((part) => part !== '').join(' · ');
  }, [page, fleet]);
}

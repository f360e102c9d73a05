import { memo, useLayoutEffect, useRef } from 'react';
import { Link } from 'wouter';
import type { InstanceStatus } from '../api.ts';
import { type ShownState, STATE_WORDS, shownState } from '../states.ts';
import { shortId } from '../words.ts';
import { Mark } from './state.tsx';

/** From here on each is a small square without its id. */
const MANY = 48;
const MOVE_MS = 450;
/** Of more, where each is would take too long to find out at each change. */
const MAX_MOVING = 200;

const LANES: readonly { readonly title: string; readonly mark: ShownState; readonly states: readonly ShownState[] }[] =
  [
    { title: 'Pending', mark: 'pending', states: ['pending'] },
    { title: 'In service', mark: 'inService', states: ['inService', 'unhealthy'] },
    { title: 'Draining', mark: 'draining', states: ['draining'] },
    { title: 'Terminating', mark: 'terminating', states: ['terminating'] },
  ];

/** A group's instances on their way from launch to end; each moves over when its state changes. */
export const Lanes = memo(function Lanes({ instances }: { readonly instances: readonly InstanceStatus[] }) {
  const place = useRef<HTMLDivElement>(null);
  const many = instances.length > MANY;
  useMoves(place.current, instances, instances.length <= MAX_MOVING);
  return (
    <div className="lanes" ref={place}>
      {LANES.map(({ title, mark, states }) => {
        const here = instances.filter((instance) => states.includes(shownState(instance)));
        return (
          <div className="lane" key={title}>
            <h3>
              <Mark state={mark} />
              {title}
              <b>{here.length}</b>
            </h3>
            <ul className={many ? 'cells many' : 'cells'}>
              {here.map((instance) => (
                <li key={instance.id} data-moves={instance.id}>
                  <Cell instance={instance} />
                </li>
              ))}
            </ul>
          </div>
        );
      })}
    </div>
  );
});

/** Made anew only when its instance is another row: there may be a thousand. */
const Cell = memo(function Cell({ instance }: { readonly instance: InstanceStatus }) {
  const state = shownState(instance);
  const words = `${instance.id}: ${STATE_WORDS[state].toLowerCase()}${instance.detail === '' ? '' : `, ${instance.detail}`}`;
  return (
    <Link className={`cell ${state}`} href={`/instances/${encodeURIComponent(instance.id)}`} title={words}>
      {shortId(instance.id)}
      <span className="hidden-visually">, {words}</span>
    </Link>
  );
});

/** Lets whatever has another place than before go there in sight: where it was, where it is, and the way between. */
function useMoves(place: HTMLElement | null, cause: unknown, isOn: boolean): void {
  const before = useRef(new Map<string, DOMRect>());
  // biome-ignore lint/correctness/useExhaustiveDependencies: places change only when the instances do
  useLayoutEffect(() => {
    if (place === null || !isOn) return;
    const calm = window.matchMedia('(prefers-reduced-motion: reduce)').matches;
    const now = new Map<string, DOMRect>();
    for (const element of place.querySelectorAll<HTMLElement>('[data-moves]')) {
      const id = element.dataset.moves ?? '';
      const rect = element.getBoundingClientRect();
      now.set(id, rect);
      const old = before.current.get(id);
      if (calm) continue;
      if (old === undefined) {
        if (before.current.size > 0)
          element.animate(
            [
              { opacity: 0, scale: 0.5 },
              { opacity: 1, scale: 1 },
            ],
            { duration: MOVE_MS, easing: 'ease-out' },
          );
      } else if (Math.abs(old.x - rect.x) > 60) {
        const from = `translate(${old.x - rect.x}px, ${old.y - rect.y}px)`;
        element.animate([{ transform: from }, { transform: 'none' }], {
          duration: MOVE_MS,
          easing: 'cubic-bezier(0.3, 0, 0.2, 1)',
        });
      }
    }
    before.current = now;
  }, [place, cause]);
}

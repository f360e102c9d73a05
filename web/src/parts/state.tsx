import type { InstanceStatus } from '../api.ts';
import { type ShownState, STATE_WORDS, shownState } from '../states.ts';

/** A state as a shape and a colour; the word is beside it or in the label of what it stands in. */
export function Mark({ state }: { readonly state: ShownState | 'idle' }) {
  return <span className={`mark ${state}`} aria-hidden="true" />;
}

export function State({ instance }: { readonly instance: InstanceStatus }) {
  const state = shownState(instance);
  return (
    <span className="state">
      <Mark state={state} />
      {state === 'pending' ? (PENDING_WORDS[instance.state] ?? STATE_WORDS.pending) : STATE_WORDS[state]}
    </span>
  );
}

const PENDING_WORDS: Readonly<Record<string, string>> = {
  launching: 'Launching',
  probing: 'Probing',
  booting: 'Booting',
};

import { useLocation, useSearch } from 'wouter';
import { useLive } from '../live.ts';

export interface Filters {
  readonly query: URLSearchParams;
  /** An empty value takes the filter away. */
  readonly set: (name: string, value: string) => void;
}

/** The filters of a page are in its address, so that a link shows the same. */
export function useFilters(path: string): Filters {
  const query = new URLSearchParams(useSearch());
  const [, navigate] = useLocation();
  const set = (name: string, value: string) => {
    if (value === '') query.delete(name);
    else query.set(name, value);
    navigate(query.size === 0 ? path : `${path}?${query}`, { replace: true });
  };
  return { query, set };
}

export function SearchFilter({ query, set, placeholder }: Filters & { readonly placeholder: string }) {
  return (
    <label>
      <span className="hidden-visually">Search</span>
      <input
        className="input"
        type="search"
        placeholder={placeholder}
        value={query.get('text') ?? ''}
        onChange={(event) => set('text', event.target.value)}
      />
    </label>
  );
}

export function GroupFilter({ query, set }: Filters) {
  const groups = useLive(({ groups }) => groups);
  return (
    <label>
      <span className="hidden-visually">Group</span>
      <select className="input" value={query.get('group') ?? ''} onChange={(event) => set('group', event.target.value)}>
        <option value="">All groups</option>
        {[...groups.keys()].map((name) => (
          <option key={name}>{name}</option>
        ))}
      </select>
    </label>
  );
}

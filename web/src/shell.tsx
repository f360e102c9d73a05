import { type ReactNode, useEffect, useRef, useState } from 'react';
import {
  Button,
  Dialog,
  DialogTrigger,
  Modal,
  ModalOverlay,
  ToggleButton,
  ToggleButtonGroup,
} from 'react-aria-components';
import { Link, useLocation } from 'wouter';
import { retryNow, useLive } from './live.ts';
import { useNow } from './now.ts';
import { Mark } from './parts/state.tsx';
import { useSession } from './session.ts';
import { byGroup, type ShownState, sizesOf } from './states.ts';
import { setTheme, THEMES, theme } from './theme.ts';
import { duration, spaced } from './words.ts';

export function Shell({ children, onLogOut }: { readonly children: ReactNode; readonly onLogOut: () => void }) {
  const main = useRef<HTMLElement>(null);
  const [path] = useLocation();
  const first = useRef(true);
  // biome-ignore lint/correctness/useExhaustiveDependencies: a new page begins at its top, for the eye and for the keyboard
  useEffect(() => {
    if (!first.current) {
      window.scrollTo(0, 0);
      main.current?.focus({ preventScroll: true });
    }
    first.current = false;
  }, [path]);
  return (
    <div className="shell">
      <a className="skip" href="#main">
        Skip to the page
      </a>
      <Side onLogOut={onLogOut} />
      <div>
        <header className="top">
          <Brand />
          <DialogTrigger>
            <Button className="button">Menu</Button>
            <ModalOverlay className="backdrop" isDismissable>
              <Modal className="drawer">
                <Dialog aria-label="Menu" style={{ height: '100%' }}>
                  <Side onLogOut={onLogOut} />
                </Dialog>
              </Modal>
            </ModalOverlay>
          </DialogTrigger>
        </header>
        <Connection />
        <main className="main" id="main" ref={main} tabIndex={-1}>
          {children}
        </main>
      </div>
    </div>
  );
}

function Brand() {
  const fleet = useLive(({ fleet }) => fleet?.fleet ?? '');
  return (
    <Link className="brand" href="/">
      <img src="/icon.svg" alt="" />
      <span>Drover</span> <span>{fleet}</span>
    </Link>
  );
}

function Side({ onLogOut }: { readonly onLogOut: () => void }) {
  const groups = useLive(({ groups }) => groups);
  const instances = useLive(({ instances }) => instances);
  const loadBalancers = useLive(({ loadBalancers }) => loadBalancers);
  const { name, role } = useSession();
  const mine = byGroup(instances);
  return (
    <div className="side">
      <Brand />
      <nav className="nav" aria-label="Fleet">
        <NavLink href="/">Overview</NavLink>
        <NavLink href="/instances" count={instances.size}>
          Instances
        </NavLink>
        <NavLink href="/activities">Activities</NavLink>
        <NavLink href="/fleet">Fleet file</NavLink>
        <NavLink href="/settings">Settings</NavLink>
      </nav>
      <nav className="nav" aria-labelledby="nav-groups">
        <h2 id="nav-groups">Groups</h2>
        {[...groups.values()].map((group) => {
          const sizes = sizesOf(group, mine.get(group.name) ?? []);
          const worst: ShownState | 'idle' =
            sizes.unhealthy > 0 || group.launchSuspended !== null
              ? 'unhealthy'
              : sizes.pending > 0
                ? 'pending'
                : sizes.draining > 0
                  ? 'draining'
                  : sizes.inService > 0
                    ? 'inService'
                    : 'idle';
          return (
            <NavLink key={group.name} href={`/groups/${encodeURIComponent(group.name)}`} count={sizes.inService}>
              <Mark state={worst} />
              <span className="nav-name">{group.name}</span>
            </NavLink>
          );
        })}
      </nav>
      {loadBalancers.size === 0 ? null : (
        <nav className="nav" aria-labelledby="nav-balancers">
          <h2 id="nav-balancers">Load balancers</h2>
          {[...loadBalancers.values()].map(({ name, state }) => (
            <NavLink key={name} href={`/load-balancers/${encodeURIComponent(name)}`}>
              <Mark state={state === 'running' ? 'inService' : 'unhealthy'} />
              <span className="nav-name">{name}</span>
            </NavLink>
          ))}
        </nav>
      )}
      <div className="side-foot">
        <ThemeChoice />
        <div className="who">
          <span className="small">
            {name} <span className="muted">({role})</span>
          </span>
          <Button className="button quiet small" onPress={onLogOut}>
            Log out
          </Button>
        </div>
      </div>
    </div>
  );
}

function NavLink({
  href,
  count,
  children,
}: {
  readonly href: string;
  readonly count?: number;
  readonly children: ReactNode;
}) {
  const [path] = useLocation();
  return (
    <Link href={href} aria-current={path === href ? 'page' : undefined}>
      {children}
      {count === undefined ? null : <span className="count">{count}</span>}
    </Link>
  );
}

function ThemeChoice() {
  const [chosen, choose] = useState(theme);
  return (
    <ToggleButtonGroup
      className="choice"
      aria-label="Colours"
      disallowEmptySelection
      selectedKeys={[chosen]}
      onSelectionChange={(keys) => {
        const next = THEMES.find((one) => keys.has(one)) ?? 'system';
        setTheme(next);
        choose(next);
      }}
    >
      {THEMES.map((one) => (
        <ToggleButton key={one} id={one}>
          {spaced(one.charAt(0).toUpperCase() + one.slice(1))}
        </ToggleButton>
      ))}
    </ToggleButtonGroup>
  );
}

/** Says that what is shown is old, and how old. Silent while all is well. */
function Connection() {
  const connection = useLive(({ connection }) => connection);
  const lostAt = useLive(({ lostAt }) => lostAt);
  return (
    <div role="status">
      {connection === 'lost' && lostAt !== null ? <Lost since={lostAt} /> : null}
      {connection === 'live' ? <span className="hidden-visually">Connected</span> : null}
    </div>
  );
}

function Lost({ since }: { readonly since: number }) {
  const now = useNow();
  return (
    <div className="connection">
      <span>
        No connection to the controller for <span aria-hidden="true">{duration(now - since)}</span>. What you see is
        from before; it is tried again.
      </span>
      <Button className="button small" onPress={retryNow}>
        Try now
      </Button>
    </div>
  );
}

import { useEffect, useState } from 'react';
import { RouterProvider } from 'react-aria-components';
import { Route, Switch, useLocation } from 'wouter';
import { api, Refusal, type Session } from './api.ts';
import { start, stop, useLive } from './live.ts';
import { Activities } from './pages/activities.tsx';
import { FleetFile } from './pages/fleet-file.tsx';
import { Group } from './pages/group.tsx';
import { Instance } from './pages/instance.tsx';
import { Instances } from './pages/instances.tsx';
import { LoadBalancer } from './pages/load-balancer.tsx';
import { Login } from './pages/login.tsx';
import { Overview } from './pages/overview.tsx';
import { Settings } from './pages/settings.tsx';
import { SessionContext } from './session.ts';
import { Shell } from './shell.tsx';

type Entry =
  | { readonly kind: 'asking' }
  | { readonly kind: 'out' }
  | { readonly kind: 'in'; readonly session: Session };

/** Asks whose page this is, then shows it. */
export function App() {
  const [entry, setEntry] = useState<Entry>({ kind: 'asking' });
  const loggedOut = useLive(({ connection }) => connection === 'loggedOut');
  const [path, navigate] = useLocation();

  const enter = async () => {
    try {
      const session = await api.session();
      setEntry({ kind: 'in', session });
      start();
    } catch (error) {
      if (error instanceof Refusal && error.status === 401) return setEntry({ kind: 'out' });
      setTimeout(() => void enter(), 2_000);
    }
  };
  // biome-ignore lint/correctness/useExhaustiveDependencies: asked once, when the page is opened
  useEffect(() => void enter(), []);
  useEffect(() => {
    if (loggedOut && entry.kind === 'in') setEntry({ kind: 'out' });
  }, [loggedOut, entry.kind]);

  if (entry.kind === 'asking') return null;
  if (entry.kind === 'out' || path === '/login') {
    return (
      <Login
        onDone={async () => {
          if (path === '/login') navigate('/', { replace: true });
          await enter();
        }}
      />
    );
  }
  const logOut = async () => {
    await api.logOut().catch(() => undefined);
    stop();
  };
  return (
    <SessionContext value={entry.session}>
      <RouterProvider navigate={navigate}>
        <Shell onLogOut={() => void logOut()}>
          <Switch>
            <Route path="/" component={Overview} />
            <Route path="/groups/:name">{({ name }) => <Group key={name} name={decodeURIComponent(name)} />}</Route>
            <Route path="/instances" component={Instances} />
            <Route path="/instances/:id">{({ id }) => <Instance key={id} id={decodeURIComponent(id)} />}</Route>
            <Route path="/load-balancers/:name">{({ name }) => <LoadBalancer name={decodeURIComponent(name)} />}</Route>
            <Route path="/activities" component={Activities} />
            <Route path="/fleet" component={FleetFile} />
            <Route path="/settings" component={Settings} />
            <Route>
              <p className="empty">There is no such page. The fleet is at the top of the menu.</p>
            </Route>
          </Switch>
        </Shell>
      </RouterProvider>
    </SessionContext>
  );
}

import { type FormEvent, useEffect, useRef, useState } from 'react';
import { Button, Input, Label, TextField } from 'react-aria-components';
import { api } from '../api.ts';
import { useTitle } from '../title.ts';

/** Takes a token, or the one-time code of the link that `drover dashboard` prints. */
export function Login({ onDone }: { readonly onDone: () => Promise<void> }) {
  const [token, setToken] = useState('');
  const [refusal, setRefusal] = useState('');
  const tried = useRef(false);
  useTitle('Log in');

  const logIn = async (secret: { readonly token: string } | { readonly code: string }) => {
    setRefusal('');
    try {
      await api.logIn(secret);
      await onDone();
    } catch (error) {
      setRefusal(error instanceof Error ? error.message : String(error));
    }
  };
  // biome-ignore lint/correctness/useExhaustiveDependencies: the link's code works once
  useEffect(() => {
    const code = new URLSearchParams(window.location.hash.slice(1)).get('code');
    if (code === null || tried.current) return;
    tried.current = true;
    history.replaceState(null, '', '/login');
    void logIn({ code });
  }, []);

  const submit = (event: FormEvent) => {
    event.preventDefault();
    void logIn({ token: token.trim() });
  };
  return (
    <main className="login">
      <form onSubmit={submit}>
        <h1 className="brand">
          <img src="/icon.svg" alt="" />
          <span>Drover</span>
        </h1>
        {refusal === '' ? null : (
          <p className="refusal" role="alert">
            {refusal}
          </p>
        )}
        <TextField className="field" value={token} onChange={setToken} type="password" autoFocus isRequired>
          <Label>Token</Label>
          <Input autoComplete="current-password" />
        </TextField>
        <Button className="button primary" type="submit" style={{ justifyContent: 'center' }}>
          Log in
        </Button>
        <p className="muted small">
          On the controller's host, <code>drover dashboard</code> prints a link that logs you in.
        </p>
      </form>
    </main>
  );
}

import { type ReactNode, useState } from 'react';
import { Button, Dialog, DialogTrigger, Heading, Modal, ModalOverlay } from 'react-aria-components';
import { Refusal } from '../api.ts';

export interface ConfirmProps {
  /** On the button that opens it. */
  readonly label: string;
  readonly title: string;
  /** On the button that does it. */
  readonly verb: string;
  readonly danger?: boolean;
  readonly disabled?: boolean;
  /** What will happen, in sentences. */
  readonly plan: readonly string[];
  /** What is to be chosen first. */
  readonly children?: ReactNode;
  readonly onOpen?: () => void;
  /** @throws Refusal; with `lastServer` it may be done by force */
  readonly run: (force: boolean) => Promise<unknown>;
}

/** A button whose action is shown before it is done, and done only when it is confirmed. */
export function Confirm(props: ConfirmProps) {
  const { label, danger = false, onOpen } = props;
  return (
    <DialogTrigger onOpenChange={(open) => open && onOpen?.()}>
      <Button className={`button ${danger ? 'danger' : ''}`}>{label}</Button>
      <ModalOverlay className="backdrop" isDismissable>
        <Modal className="dialog">
          <Dialog>{({ close }) => <Content {...props} close={close} />}</Dialog>
        </Modal>
      </ModalOverlay>
    </DialogTrigger>
  );
}

function Content({
  title,
  verb,
  danger = false,
  disabled = false,
  plan,
  children,
  run,
  close,
}: ConfirmProps & { readonly close: () => void }) {
  const [refusal, setRefusal] = useState<Error | null>(null);
  const [busy, setBusy] = useState(false);
  const canForce = refusal instanceof Refusal && refusal.code === 'lastServer';
  const go = async () => {
    setBusy(true);
    try {
      await run(canForce);
      close();
    } catch (error) {
      setRefusal(error instanceof Error ? error : new Error(String(error)));
    } finally {
      setBusy(false);
    }
  };
  return (
    <>
      <Heading slot="title">{title}</Heading>
      {children}
      <div>
        <p className="muted small">What will happen</p>
        <ul className="plan">
          {plan.map((line) => (
            <li key={line}>{line}</li>
          ))}
        </ul>
      </div>
      {refusal === null ? null : (
        <p className="refusal" role="alert">
          {refusal.message}
        </p>
      )}
      <div className="actions">
        <Button className="button" onPress={close}>
          Cancel
        </Button>
        <Button
          className={`button primary ${danger ? 'danger' : ''}`}
          isDisabled={disabled || busy}
          onPress={() => void go()}
        >
          {canForce ? `${verb} anyway` : verb}
        </Button>
      </div>
    </>
  );
}

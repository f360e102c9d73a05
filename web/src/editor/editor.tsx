import { autocompletion } from '@codemirror/autocomplete';
import { yaml } from '@codemirror/lang-yaml';
import { HighlightStyle, syntaxHighlighting } from '@codemirror/language';
import { linter, lintGutter } from '@codemirror/lint';
import { EditorState } from '@codemirror/state';
import { EditorView } from '@codemirror/view';
import { tags } from '@lezer/highlight';
import { basicSetup } from 'codemirror';
import { useEffect, useRef } from 'react';
import { check } from './check.ts';
import { complete } from './complete.ts';

export interface EditorProps {
  readonly text: string;
  readonly onChange: (text: string) => void;
  readonly readOnly: boolean;
  readonly label: string;
}

/**
 * The text of a fleet file with completion and checks from its schema. It lives in a shadow root, because only there CodeMirror brings its
 * styles in a way that a strict Content-Security-Policy allows.
 */
export default function Editor({ text, onChange, readOnly, label }: EditorProps) {
  const place = useRef<HTMLDivElement>(null);
  const first = useRef(text);
  const changed = useRef(onChange);
  changed.current = onChange;
  useEffect(() => {
    const element = place.current;
    if (element === null) return;
    const root = element.shadowRoot ?? element.attachShadow({ mode: 'open' });
    const view = new EditorView({
      parent: root,
      root,
      state: EditorState.create({
        doc: first.current,
        extensions: [
          basicSetup,
          yaml(),
          syntaxHighlighting(COLOURS),
          THEME,
          EditorView.contentAttributes.of({ 'aria-label': label }),
          EditorState.readOnly.of(readOnly),
          EditorView.editable.of(!readOnly),
          ...(readOnly
            ? []
            : [
                autocompletion({ override: [complete] }),
                linter((shown) => check(shown.state.doc.toString())),
                lintGutter(),
              ]),
          EditorView.updateListener.of(({ docChanged, state }) => {
            if (docChanged) changed.current(state.doc.toString());
          }),
        ],
      }),
    });
    // Who has no mouse scrolls it from here.
    view.scrollDOM.tabIndex = 0;
    return () => view.destroy();
  }, [label, readOnly]);
  return <div ref={place} className="editor" />;
}

const THEME = EditorView.theme({
  '&': { backgroundColor: 'var(--surface)', color: 'var(--text)', fontSize: '13px', maxHeight: '65vh' },
  '.cm-scroller': { fontFamily: 'var(--mono)', lineHeight: '1.55' },
  '.cm-gutters': { backgroundColor: 'var(--surface)', color: 'var(--muted)', border: 'none' },
  '.cm-activeLine, .cm-activeLineGutter': { backgroundColor: 'var(--hover)' },
  '.cm-content': { caretColor: 'var(--text)' },
  '.cm-cursor': { borderLeftColor: 'var(--text)' },
  '&.cm-focused': { outline: '2px solid var(--accent)', outlineOffset: '-2px' },
  '&.cm-focused .cm-selectionBackground, .cm-selectionBackground': { backgroundColor: 'var(--accent-soft) !important' },
  '.cm-tooltip': {
    backgroundColor: 'var(--surface)',
    color: 'var(--text)',
    border: '1px solid var(--line-strong)',
    borderRadius: '6px',
  },
  '.cm-tooltip-autocomplete ul li[aria-selected]': { backgroundColor: 'var(--accent)', color: 'var(--on-accent)' },
  '.cm-completionInfo': { maxWidth: '36ch', padding: '6px 9px' },
  '.cm-panels': { backgroundColor: 'var(--sunken)', color: 'var(--text)' },
});

const COLOURS = HighlightStyle.define([
  { tag: [tags.propertyName, tags.definition(tags.propertyName)], color: 'var(--accent)' },
  { tag: [tags.string, tags.content], color: 'var(--text)' },
  { tag: [tags.number, tags.bool, tags.null, tags.keyword], color: 'var(--notice)' },
  { tag: tags.comment, color: 'var(--muted)', fontStyle: 'italic' },
]);

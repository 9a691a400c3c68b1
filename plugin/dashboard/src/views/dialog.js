// A question before something is done.
import { useLayoutEffect, useRef } from 'preact/hooks';
import { html } from './html.js';

/** `question`: { title, text, action, isDangerous, onYes }. */
export function Dialog({ question, onClose }) {
  const element = useRef();
  useLayoutEffect(() => {
    element.current.showModal();
  }, []);
  const answer = (isYes) => {
    element.current.close();
    if (isYes) question.onYes();
  };
  return html`<dialog ref=${element} aria-labelledby="question" onClose=${onClose}>
    <h2 id="question">${question.title}</h2>
    <p>${question.text}</p>
    <div class="buttons">
      <button type="button" class="plain" autofocus onClick=${() => answer(false)}>Cancel</button>
      <button type="button" class=${question.isDangerous ? 'danger' : ''} onClick=${() => answer(true)}>${question.action}</button>
    </div>
  </dialog>`;
}

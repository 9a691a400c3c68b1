import { html } from './html.js';

/** What is wrong, and the lines of configuration that help. */
export const Problem = ({ problem: { title, text, lines } }) => html`
  <div class="problem" role="alert"><h2>${title}</h2><p>${text}</p>${lines && html`<pre>${lines}</pre>`}</div>`;

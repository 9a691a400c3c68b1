// Markup is written here and nowhere else: what comes from the broker is put in as text.
import htm from 'htm';
import { h } from 'preact';
import { parts, plain } from '../format.js';

export const html = htm.bind(h);

/** What a client has written. It cannot change the order of what is around it, nor hide anything. */
export function Name({ value, longest = 200 }) {
  return html`<bdi class="name" title=${plain(value)}>${parts(value, longest).map((part) => (
    part.isHidden ? html`<span class="hidden-character">${part.text}</span>` : part.text))}</bdi>`;
}

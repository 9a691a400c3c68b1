// Who looks, and at which broker.
import { useState } from 'preact/hooks';
import { parseAddress } from '../address.js';
import { html } from './html.js';
import { Problem } from './problem.js';

export function Login({ model }) {
  const [isWrong, setWrong] = useState(false);
  const submit = (event) => {
    event.preventDefault();
    const { address, user, password } = Object.fromEntries(new FormData(event.target));
    const url = parseAddress(address);
    setWrong(!url);
    if (url) model.login({ address: url, user, password });
  };
  return html`<div class="login">
    ${model.problem && html`<${Problem} problem=${model.problem} />`}
    <form onSubmit=${submit}>
      <h2>Log in to the broker</h2>
      <label>User<input name="user" autocomplete="username" autocapitalize="none" spellcheck=${false} defaultValue=${model.user} autofocus /></label>
      <label>Password<input name="password" type="password" autocomplete="current-password" /></label>
      <label>Broker<input name="address" required spellcheck=${false} inputmode="url" defaultValue=${model.address || 'ws://localhost:9001/mqtt'}
        aria-invalid=${isWrong} aria-describedby="address-help" /></label>
      <p id="address-help" class=${isWrong ? 'wrong' : ''} role=${isWrong ? 'alert' : undefined}>
        The address of its websockets listener, as in ws://host:9001; wss:// with TLS.
        Without a user the broker may let you in all the same.</p>
      <button type="submit">Connect</button>
    </form>
  </div>`;
}

import { render } from 'preact';
import { Model } from './model.js';
import { Group } from './views/group.js';
import { GroupList } from './views/group_list.js';
import { html } from './views/html.js';
import { Login } from './views/login.js';
import { Problem } from './views/problem.js';
import { Totals } from './views/totals.js';

const said = {
  login: 'not connected', connecting: 'connecting …', probing: 'connected', control: 'connected', metrics: 'connected',
  nothing: 'connected',
};

function Header() {
  const { phase, user, maySteer, isUp } = model;
  return html`<header class="top">
    <h1><a href="#">Shared subscriptions</a></h1>
    <p class="status ${isUp ? 'up' : phase}" role="status">${said[phase]}</p>
    <p class="who">${isUp && html`${user || 'anonymous'}, ${maySteer ? 'may steer' : 'read-only'}`}</p>
    ${phase !== 'login' && (user
    ? html`<button type="button" class="plain" onClick=${() => model.logout()}>Log out</button>`
    : html`<button type="button" class="plain" onClick=${() => model.askForLogin()}>Log in</button>`)}
  </header>`;
}

function Content() {
  const group = model.selected && model.groups.all.get(model.selected.key);
  if (group) return html`<${Group} key=${group.key} model=${model} group=${group} />`;
  if (model.selected && model.isGone) {
    return html`<p class="empty">This group has ended. <a href="#">All groups</a></p>`;
  }
  return html`<${Totals} totals=${model.totals} />
    ${model.selected && html`<p class="empty">Looking for a group … <a href="#">All groups</a></p>`}
    <${GroupList} model=${model} />`;
}

function Page() {
  const { phase, problem, note, totals, groups } = model;
  const isKnown = totals.values.groups !== undefined || groups.all.size > 0;
  if (phase === 'login') return html`<${Header} /><main><${Login} model=${model} /></main>`;
  return html`<${Header} /><main class=${model.isUp ? '' : 'stale'}>
    ${problem && html`<${Problem} problem=${problem} />`}
    ${note && model.isUp && phase !== 'nothing' && html`<p class="note">${note}</p>`}
    ${isKnown ? html`<${Content} />` : !problem && html`<p class="empty">Looking …</p>`}
  </main>
  <footer>${[model.broker, model.version && `plugin ${model.version}`, model.address].filter(Boolean).join(' · ')}</footer>`;
}

const root = document.getElementById('page');
const model = new Model(() => render(html`<${Page} />`, root));

// The group that is looked at is in the address, so that it can be kept and gone back from.
function select() {
  let key = '';
  try {
    key = decodeURIComponent(location.hash.slice(1));
  } catch {
    // Nothing that this page has written.
  }
  const slash = key.indexOf('/');
  const known = model.groups.all.get(key);
  const named = known ?? { group: key.slice(0, slash), filter: key.slice(slash + 1) };
  model.select(slash < 0 ? null : { key, group: named.group, filter: named.filter, offset: 0 });
}

addEventListener('hashchange', () => {
  select();
  scrollTo(0, 0);
});
select();
model.start();

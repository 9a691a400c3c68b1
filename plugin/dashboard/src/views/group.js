// One group, and its members.
import { useState } from 'preact/hooks';
import { age, count, moment, plain, rate } from '../format.js';
import { isStuck } from '../groups.js';
import { membersAtOnce } from '../polling.js';
import { Chart } from './chart.js';
import { Dialog } from './dialog.js';
import { Name, html } from './html.js';

const strategies = ['round_robin', 'random', 'least_loaded', 'sticky', 'hash_clientid', 'hash_topic'];

const states = {
  active: ['Active', ''],
  offline: ['Away', 'passed over until it connects'],
  paused: ['Paused', 'gets nothing new until resumed'],
  full: ['Full', 'no room until it acknowledges'],
  denied: ['May not read', 'access control refused its last message'],
};

function stateOf({ state, connected, paused }) {
  if (state in states) return state;
  if (!connected) return 'offline';
  return paused ? 'paused' : 'active';
}

const short = (text) => `“${plain(text, 80)}”`;

const questions = {
  pauseMember: (member) => ({
    title: `Pause ${member}?`, action: 'Pause', done: `${member} is paused.`,
    text: 'It keeps what it has and gets nothing new, until it is resumed, leaves, or the broker restarts.',
  }),
  resumeMember: (member) => ({
    title: `Resume ${member}?`, action: 'Resume', done: `${member} is resumed.`, text: 'It gets messages again.',
  }),
  removeMember: (member) => ({
    title: `Remove ${member}?`, action: 'Remove', done: `${member} is removed.`, isDangerous: true,
    text: 'Its subscription ends; Mosquitto 2.0 disconnects it, too. It may subscribe again.',
  }),
};

function Share({ part }) {
  const percent = Math.min(100, Math.round(part * 1000) / 10);
  return html`<span class="share"><span class="bar" aria-hidden="true"><span style=${{ width: `${percent}%` }}></span></span>
    <b>${percent.toFixed(percent < 10 ? 1 : 0)} %</b></span>`;
}

function Member({ member, whole, maySteer, ask }) {
  const state = stateOf(member);
  const [title, why] = states[state];
  const pausing = member.paused ? 'resumeMember' : 'pauseMember';
  return html`<tr role="row" class=${state}>
    <td role="cell" class="client"><${Name} value=${member.clientid} /></td>
    <td role="cell" class="state"><span class="badge">${title}</span>${why && html`<small>${why}</small>`}</td>
    <td role="cell" class="share-cell"><${Share} part=${whole > 0 ? member.dispatched / whole : 0} /></td>
    <td role="cell" class="number" data-title="given">${count(member.dispatched)}</td>
    <td role="cell" class="number" data-title="messages/s">${rate(member.rate)}</td>
    <td role="cell" class="number" data-title="held back">${count(member.heldBack)}</td>
    <td role="cell" class="since" data-title="member for"><time title=${moment(member.since)}>
      ${age(Date.now() / 1000 - member.since)}</time></td>
    ${maySteer && html`<td role="cell" class="actions">
      <button type="button" class="plain" onClick=${() => ask(pausing, member)}>${member.paused ? 'Resume' : 'Pause'}</button>
      <button type="button" class="plain danger" onClick=${() => ask('removeMember', member)}>Remove</button></td>`}
  </tr>`;
}

function Pages({ selected, total, onOffset }) {
  const { offset } = selected;
  if (total <= membersAtOnce) return null;
  return html`<nav class="pages" aria-label="Members">
    <button type="button" class="plain" disabled=${offset === 0} onClick=${() => onOffset(offset - membersAtOnce)}>Before</button>
    <span>${count(offset + 1)} to ${count(Math.min(total, offset + membersAtOnce))} of ${count(total)}</span>
    <button type="button" class="plain" disabled=${offset + membersAtOnce >= total}
      onClick=${() => onOffset(offset + membersAtOnce)}>Next</button></nav>`;
}

function Members({ model, group, ask }) {
  const { members, maySteer } = model;
  if (!maySteer) {
    return html`<p class="empty">Members are shown to users who may write to $CONTROL/shared-subscription/v1; the metrics
      below $SYS do not name them.</p>`;
  }
  if (!members) return html`<p class="empty">Reading members …</p>`;
  const heads = ['Client', 'State', 'Share of the work', 'Given', 'Messages/s', 'Held back', 'Member for', 'Actions'];
  return html`<table class="members" role="table" aria-label="Members">
    <thead role="rowgroup"><tr role="row">${heads.map((title, index) => html`
      <th role="columnheader" scope="col" class=${index > 2 && index < 7 ? 'number' : ''}>${title}</th>`)}</tr></thead>
    <tbody role="rowgroup">${members.map((member) => html`
      <${Member} key=${member.clientid} member=${member} whole=${group.dispatched} maySteer=${maySteer} ask=${ask} />`)}</tbody>
  </table>
  ${members.length === 0 && html`<p class="empty">Nobody is in this group: it was declared, and collects messages.</p>`}
  <${Pages} selected=${model.selected} total=${group.members}
    onOffset=${(offset) => model.select({ ...model.selected, offset })} />`;
}

function Strategy({ model, group, setQuestion }) {
  if (!model.maySteer) return html`<span class="strategy">${group.strategy}</span>`;
  const choose = ({ target }) => {
    const strategy = target.value;
    target.value = group.strategy;
    const name = short(group.group);
    setQuestion({
      title: `Change the strategy to ${strategy}?`, action: 'Change',
      text: `For all groups with the name ${name}, from the next message on.`,
      onYes: () => model.act({ command: 'setStrategy', group: group.group, strategy }, `${name} uses ${strategy} now.`),
    });
  };
  return html`<label class="strategy">Strategy <select value=${group.strategy} onChange=${choose}>
    ${strategies.map((name) => html`<option value=${name}>${name}</option>`)}</select></label>`;
}

const Fact = ({ name, value, tone }) => html`<div class="fact ${tone ?? ''}"><dt>${name}</dt><dd>${value}</dd></div>`;

function Facts({ group }) {
  return html`<dl class="facts">
    <${Fact} name="Connected" value=${`${count(group.connected)} of ${count(group.members)}`} tone=${group.connected ? '' : 'bad'} />
    <${Fact} name="Queued" value=${count(group.queued)} tone=${isStuck(group) ? 'bad' : ''} />
    <${Fact} name="Oldest" value=${group.queued ? age(group.oldestMessageAge) : '–'} />
    <${Fact} name="Given" value=${count(group.dispatched)} />
    <${Fact} name="Dropped" value=${count(group.dropped)} />
    <${Fact} name="Messages/s" value=${rate(group.rate)} />
  </dl>`;
}

export function Group({ model, group }) {
  const [question, setQuestion] = useState(null);
  const ask = (command, member) => {
    const { done, ...rest } = questions[command](short(member.clientid));
    const { clientid } = member;
    setQuestion({
      ...rest,
      onYes: () => model.act({ command, group: group.group, filter: group.filter, clientid }, done),
    });
  };
  return html`<article class="group-view">
    <p><a href="#" class="back">← All groups</a></p>
    <header><h2><${Name} value=${group.group} longest=${600} /></h2>
      <p class="filter"><${Name} value=${group.filter} longest=${600} /></p>
      <${Strategy} ...${{ model, group, setQuestion }} /></header>
    ${isStuck(group) && html`<p class="alarm" role="status">${count(group.queued)} messages wait and nobody is connected.</p>`}
    <p class="notice ${model.notice?.isError ? 'error' : ''}" role="status" hidden=${!model.notice}>${model.notice?.text}</p>
    <${Facts} group=${group} />
    <${Chart} history=${group.history} now=${group.rate} height=${150} hasAxes=${true} />
    <${Members} model=${model} group=${group} ask=${ask} />
    ${question && html`<${Dialog} question=${question} onClose=${() => setQuestion(null)} />`}
  </article>`;
}

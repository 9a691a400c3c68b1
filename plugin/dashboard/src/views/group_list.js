// All groups: search, sort, and a table of which only the rows that are seen are there.
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import { age, count, rate } from '../format.js';
import { isStuck } from '../groups.js';
import { Chart } from './chart.js';
import { Name, html } from './html.js';

const { compare } = new Intl.Collator('en', { numeric: true });

// Comparing names takes long: it is done once for each group, and then its places are compared.
function placeByName(groups) {
  const all = [...groups.all.values()];
  all.sort((a, b) => compare(a.filter, b.filter)).forEach((group, place) => { group.filterPlace = place; });
  all.sort((a, b) => compare(a.group, b.group)).forEach((group, place) => { group.place = place; });
}

const columns = [
  { id: 'group', title: 'Group', of: (group) => group.place },
  { id: 'filter', title: 'Filter', of: (group) => group.filterPlace },
  { id: 'strategy', title: 'Strategy', compare: (a, b) => (a.strategy < b.strategy ? -1 : a.strategy > b.strategy) },
  { id: 'connected', title: 'Connected', of: (group) => group.connected, isNumber: true },
  { id: 'rate', title: 'Messages/s', of: (group) => group.rate ?? -1, isNumber: true },
  { id: 'queued', title: 'Queued', of: (group) => group.queued, isNumber: true },
  { id: 'oldest', title: 'Oldest', of: (group) => group.oldestMessageAge, isNumber: true },
  { id: 'dropped', title: 'Dropped', of: (group) => group.dropped, isNumber: true },
];

const kinds = [
  { id: 'all', title: 'All', takes: () => true },
  { id: 'stuck', title: 'Stuck', why: 'messages wait, and nobody is connected', takes: isStuck },
  { id: 'waiting', title: 'Waiting', takes: (group) => group.queued > 0 },
  { id: 'empty', title: 'Nobody connected', takes: (group) => group.connected === 0 },
];

function sorted(groups, { column, isDown }) {
  const { compare: order, of } = columns.find(({ id }) => id === column);
  const upward = order ?? ((a, b) => of(a) - of(b));
  const sign = isDown ? -1 : 1;
  return groups.sort((a, b) => sign * upward(a, b) || a.place - b.place);
}

// Kept while a group is looked at.
const choice = { search: '', kind: 'all', sort: { column: 'group', isDown: false } };
let placed = { groups: null, census: 0 };
let chosen = { revision: -1 };

/** The rows, and how many there would be of each kind; made again only when something has changed. */
function choose(model) {
  const { groups, revision } = model;
  if (placed.groups !== groups || placed.census !== groups.census) {
    placeByName(groups);
    placed = { groups, census: groups.census };
  } else if (chosen.revision === revision) {
    return chosen;
  }
  const wanted = choice.search.trim().toLowerCase();
  const all = [...groups.all.values()];
  const found = wanted ? all.filter((group) => group.text.includes(wanted)) : all;
  const counts = Object.fromEntries(kinds.map(({ id, takes }) => [id, found.reduce((sum, one) => sum + takes(one), 0)]));
  const rows = sorted(found.filter(kinds.find(({ id }) => id === choice.kind).takes), choice.sort);
  chosen = { revision, rows, counts };
  return chosen;
}

const narrow = matchMedia('(max-width: 760px)');
const rowHeight = () => (narrow.matches ? 84 : 44);

/** Which rows are on the screen, and some before and behind. */
function useRange(table, length) {
  const [range, setRange] = useState({ begin: 0, end: 0, height: rowHeight() });
  const measure = () => {
    const height = rowHeight();
    const above = Math.max(0, -table.current.getBoundingClientRect().top);
    const begin = Math.max(0, Math.floor(above / height / 4) * 4 - 8);
    const end = begin + Math.ceil(window.innerHeight / height / 4) * 4 + 20;
    setRange((old) => (old.begin === begin && old.end === end && old.height === height ? old : { begin, end, height }));
  };
  useEffect(() => {
    addEventListener('scroll', measure, { passive: true });
    addEventListener('resize', measure);
    return () => {
      removeEventListener('scroll', measure);
      removeEventListener('resize', measure);
    };
  }, []);
  useLayoutEffect(measure, [length]);
  return range;
}

function Row({ group, index }) {
  const isBad = isStuck(group);
  const open = (event) => {
    if (event.target.closest('a') || String(getSelection())) return;
    event.currentTarget.querySelector('a').click();
  };
  return html`<tr role="row" class=${isBad ? 'stuck' : ''} onClick=${open} aria-rowindex=${index + 2}>
    <td role="cell" class="group"><a href=${`#${encodeURIComponent(group.key)}`}><${Name} value=${group.group} /></a></td>
    <td role="cell" class="filter"><${Name} value=${group.filter} /></td>
    <td role="cell" class="strategy">${group.strategy}</td>
    <td role="cell" class="connected"><span class=${group.connected === 0 ? 'nobody' : ''}>
      <b>${count(group.connected)}</b> of ${count(group.members)}</span></td>
    <td role="cell" class="rate"><span><${Chart} history=${group.history} now=${group.rate} height=${24} /><b>${rate(group.rate)}</b></span></td>
    <td role="cell" class="queued ${group.queued ? '' : 'zero'}">${count(group.queued)}</td>
    <td role="cell" class="oldest ${group.queued ? '' : 'zero'}">${group.queued ? age(group.oldestMessageAge) : '–'}</td>
    <td role="cell" class="dropped ${group.dropped ? '' : 'zero'}">${count(group.dropped)}</td>
  </tr>`;
}

function Head({ sort, onSort }) {
  return html`<thead role="rowgroup"><tr role="row">${columns.map(({ id, title, isNumber }) => {
    const isSorted = sort.column === id;
    const direction = sort.isDown ? 'descending' : 'ascending';
    return html`<th role="columnheader" scope="col" class=${id} aria-sort=${isSorted ? direction : 'none'}>
      <button type="button" onClick=${() => onSort({ column: id, isDown: isSorted ? !sort.isDown : Boolean(isNumber) })}>
        ${title}<span aria-hidden="true">${isSorted ? (sort.isDown ? '↓' : '↑') : ''}</span></button></th>`;
  })}</tr></thead>`;
}

const Space = ({ rows, height }) => rows > 0
  && html`<tr class="space" aria-hidden="true" style=${{ height: `${rows * height}px` }}><td colspan=${columns.length}></td></tr>`;

function Tools({ search, kind, counts, sort, onChange }) {
  return html`<div class="tools" role="search">
    <input type="search" aria-label="Search groups and filters" placeholder="Search groups and filters" value=${search}
      onInput=${(event) => onChange({ search: event.target.value })} />
    <div class="kinds" role="group" aria-label="Which groups">${kinds.map(({ id, title, why }) => html`
      <button type="button" class=${counts[id] ? id : ''} title=${why} aria-pressed=${kind === id} onClick=${() => onChange({ kind: id })}>
        ${title} <b>${count(counts[id])}</b></button>`)}</div>
    <label class="order">Order <select value=${sort.column} onChange=${({ target: { value } }) => onChange({
      sort: { column: value, isDown: Boolean(columns.find(({ id }) => id === value).isNumber) } })}>
      ${columns.map(({ id, title }) => html`<option value=${id}>${title}</option>`)}</select></label>
  </div>`;
}

export function GroupList({ model }) {
  const [, redraw] = useState(0);
  const table = useRef();
  const change = (changes) => {
    Object.assign(choice, changes);
    chosen.revision = -1;
    redraw((number) => number + 1);
  };
  const { search, kind, sort } = choice;
  const { rows, counts } = choose(model);
  const { size } = model.groups.all;
  const { begin, end, height } = useRange(table, rows.length);
  const first = Math.min(begin, Math.max(0, rows.length - (end - begin)));
  const shown = rows.slice(first, end);
  model.visible = shown;
  useEffect(() => () => { model.visible = []; }, []);
  const missing = Math.max(0, model.totalGroups - size);
  return html`
    <${Tools} ...${{ search, kind, counts, sort }} onChange=${change} />
    <table class="groups" role="table" aria-label="Groups" aria-rowcount=${rows.length + 1} ref=${table}>
      <${Head} sort=${sort} onSort=${(next) => change({ sort: next })} />
      <tbody role="rowgroup"><${Space} rows=${first} height=${height} />
        ${shown.map((group, index) => html`<${Row} key=${group.key} group=${group} index=${first + index} />`)}
        <${Space} rows=${rows.length - first - shown.length} height=${height} /></tbody>
    </table>
    ${rows.length === 0 && html`<p class="empty">${size > 0 ? 'No group is like that.' : missing > 0
    ? 'Reading groups …' : 'There is no group yet. It begins when a client subscribes to $share/<group>/<filter>.'}</p>`}
    ${missing > 0 && rows.length > 0 && html`<p class="empty" role="status">${`${count(missing)} of ${count(model.totalGroups)} `
      + `groups are not known yet${model.phase === 'metrics' ? '; they appear when their numbers change' : ''}.`}</p>`}`;
}

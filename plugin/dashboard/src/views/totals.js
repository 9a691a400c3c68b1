// The row of totals.
import { count, rate } from '../format.js';
import { Chart } from './chart.js';
import { html } from './html.js';

const perSecond = (value) => (value == null ? 'since the start' : value > 0 ? `${rate(value)} a second now` : 'none now');

const Tile = ({ name, value, detail, tone, children }) => html`
  <div class="tile ${tone ?? ''}"><dt>${name}</dt><dd><strong>${value}</strong><small>${detail}</small>${children}</dd></div>`;

export function Totals({ totals: { values, rates, history } }) {
  const { members, connected } = values;
  const away = members - connected;
  return html`<dl class="tiles" aria-label="Totals">
    <${Tile} name="Messages/s" value=${rate(rates.dispatched)} detail=${`${count(values.dispatched)} given`}>
      <${Chart} history=${history} now=${rates.dispatched} />
    <//>
    <${Tile} name="Groups" value=${count(values.groups)} detail=${`${count(members)} members`} />
    <${Tile} name="Connected" value=${count(connected)} detail=${away > 0 ? `${count(away)} away` : 'everybody is there'} />
    <${Tile} name="Queued" value=${count(values.queued)} detail="wait for groups" tone=${values.queued > 0 ? 'waits' : ''} />
    <${Tile} name="Dropped" value=${count(values.dropped)} detail=${perSecond(rates.dropped)} tone=${rates.dropped > 0 ? 'bad' : ''} />
    <${Tile} name="Redispatched" value=${count(values.redispatched)} detail=${perSecond(rates.redispatched)} />
    <${Tile} name="Expired" value=${count(values.expired)} detail=${perSecond(rates.expired)} />
  </dl>`;
}

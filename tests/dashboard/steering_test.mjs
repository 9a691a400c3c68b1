// What a user sees and does who may write to $CONTROL.
import assert from 'node:assert/strict';
import { press, row, shows } from './browser.mjs';
import { publish } from './clients.mjs';
import { page, until } from './environment.mjs';

const orders = encodeURIComponent('billing/orders/#');

const texts = (tab, selector) => tab.$$eval(selector, (all) => all.map((element) => element.innerText.trim()));

async function join(clients, names, filter) {
  const received = new Map();
  for (const name of names) {
    const member = await clients.join(name, filter);
    received.set(name, 0);
    member.on('message', () => received.set(name, received.get(name) + 1));
  }
  return received;
}

async function showsGroupsAndTotals(world) {
  const broker = await world.broker();
  const clients = world.clients(broker);
  const publisher = await clients.connect('publisher');
  await join(clients, ['a', 'b', 'c'], '$share/billing/orders/#');
  await (await clients.join('mailer', '$queue/mail/+')).endAsync();
  await publish(publisher, 'mail/1', 7);
  await publish(publisher, 'orders/1', 30);
  const tab = await world.open(broker);
  await shows(tab, /billing\s+orders\/#\s+round_robin\s+3 of 3\s+[\d.]+\s+0\s+–\s+0/);
  await shows(tab, /\$queue\s+mail\/\+\s+round_robin\s+0 of 1\s+[\d.]+\s+7\s+\d+ s\s+0/, 'tr.stuck');
  assert.deepEqual(await texts(tab, 'tr.stuck .group'), ['$queue'], 'red is what waits for nobody, and nothing else');
  await shows(tab, /Groups\s+2\s+4 members/, '.tiles');
  await shows(tab, /Connected\s+3\s+1 away/, '.tiles');
  await shows(tab, /Queued\s+7/, '.tiles');
  await shows(tab, /30 given/, '.tiles');
  await publish(publisher, 'orders/1', 60);
  await tab.waitForFunction(() => /Messages\/s\s+\d*[1-9]/.test(document.querySelector('.tiles').innerText));
  assert.equal(await tab.$$eval('.groups .chart canvas', (all) => all.length), 2, 'each row has its sparkline');
}

async function showsShares(world) {
  const broker = await world.broker();
  const clients = world.clients(broker);
  await join(clients, ['a', 'b', 'c'], '$share/billing/orders/#');
  await publish(await clients.connect('publisher'), 'orders/1', 30);
  const tab = await world.open(broker);
  await (await row(tab, 'billing')).click();
  await shows(tab, /a\s+Active\s+33 %\s+10/, '.members');
  assert.deepEqual(await texts(tab, '.members .share b'), ['33 %', '33 %', '33 %']);
  const bars = await tab.$$eval('.members .bar > span', (all) => all.map((bar) => bar.offsetWidth / bar.parentElement.offsetWidth));
  for (const bar of bars) assert.ok(bar > 0.25 && bar < 0.4, `a third of the work is a third of the bar, not ${bar}`);
}

async function pausesAndResumes(world) {
  const broker = await world.broker();
  const clients = world.clients(broker);
  const publisher = await clients.connect('publisher');
  const received = await join(clients, ['a', 'b'], '$share/billing/orders/#');
  const [tab, other] = [await world.open(broker, { hash: `#${orders}` }), await world.open(broker, { hash: `#${orders}` })];
  await row(tab, 'Active');
  await press(tab, 'Pause', '.members tbody tr:first-child');
  await shows(tab, 'Pause “a”?', 'dialog');
  await press(tab, 'Cancel', 'dialog');
  assert.equal(await tab.$('dialog'), null, 'the question is gone');
  await press(tab, 'Pause', '.members tbody tr:first-child');
  await press(tab, 'Pause', 'dialog');
  await shows(tab, '“a” is paused.', '.notice');
  await shows(tab, /a\s+Paused/, '.members');
  await shows(other, /a\s+Paused/, '.members');
  await publish(publisher, 'orders/1', 10);
  await until('b has all', () => received.get('b') === 10);
  assert.equal(received.get('a'), 0, 'a member that is paused gets nothing');
  await press(other, 'Resume', '.members tbody tr:first-child');
  await press(other, 'Resume', 'dialog');
  await shows(tab, /a\s+Active/, '.members');
}

async function seesWhatOthersDo(world) {
  const broker = await world.broker();
  const clients = world.clients(broker);
  await join(clients, ['a', 'b'], '$share/billing/orders/#');
  const tab = await world.open(broker, { hash: `#${orders}` });
  await shows(tab, /b\s+Active/, '.members');
  const administrator = await clients.connect('administrator');
  const command = { command: 'pauseMember', group: 'billing', clientid: 'b' };
  await administrator.publishAsync('$CONTROL/shared-subscription/v1', JSON.stringify({ commands: [command] }), { qos: 1 });
  await shows(tab, /b\s+Paused/, '.members');
  await clients.end();
  await shows(tab, /a\s+Away/, '.members');
}

async function removesAndChangesStrategy(world) {
  const broker = await world.broker();
  const clients = world.clients(broker);
  await join(clients, ['a', 'b'], '$share/billing/orders/#');
  const tab = await world.open(broker, { hash: `#${orders}` });
  await row(tab, 'Active');
  await tab.select('.group-view select', 'sticky');
  await press(tab, 'Change', 'dialog');
  await shows(tab, '“billing” uses sticky now.', '.notice');
  await tab.waitForFunction(() => document.querySelector('.group-view select').value === 'sticky');
  await press(tab, 'Remove', '.members tbody tr:last-child');
  await press(tab, 'Remove', 'dialog');
  await shows(tab, '“b” is removed.', '.notice');
  await tab.waitForFunction(() => document.querySelectorAll('.members tbody tr').length === 1);
  await press(tab, 'Remove', '.members tbody tr:last-child');
  await press(tab, 'Remove', 'dialog');
  await shows(tab, 'This group has ended.');
}

async function searchesAndSorts(world) {
  const broker = await world.broker();
  const clients = world.clients(broker);
  for (const name of ['group-10', 'group-9', 'other']) await clients.join(`member of ${name}`, `$share/${name}/a`);
  await (await clients.join('away', '$share/waits/b')).endAsync();
  await publish(await clients.connect('publisher'), 'b', 3);
  const tab = await world.open(broker);
  const names = () => texts(tab, '.groups td.group');
  await until('numbers in names are in order', async () => String(await names()) === 'group-9,group-10,other,waits');
  await press(tab, 'Queued', '.groups thead');
  await until('what waits is the first', async () => (await names())[0] === 'waits');
  await tab.type('input[type=search]', 'GROUP');
  await until('search finds two', async () => String(await names()) === 'group-9,group-10');
  await tab.$eval('input[type=search]', (input) => {
    input.value = '';
    input.dispatchEvent(new Event('input', { bubbles: true }));
  });
  await press(tab, 'Stuck 1', '.tools');
  await until('one is stuck', async () => String(await names()) === 'waits');
}

async function survivesRestart(world) {
  const broker = await world.broker();
  const clients = world.clients(broker);
  await join(clients, ['a'], '$share/before/orders/#');
  const tab = await world.open(broker);
  await row(tab, 'before');
  tab.allowed.push(/WebSocket connection to .* failed/);
  await broker.end();
  await shows(tab, 'Connection lost', '.problem');
  assert.equal(await tab.$$eval('.groups tbody tr', (all) => all.length), 1, 'what was known last stays');
  await broker.begin();
  await join(clients, ['a'], '$share/after/orders/#');
  await row(tab, 'after');
  await tab.waitForFunction(() => !document.body.innerText.includes('before') && !document.querySelector('.problem'));
}

async function comesFromFile(world) {
  const broker = await world.broker();
  await join(world.clients(broker), ['a'], '$share/billing/orders/#');
  const tab = await world.openFile(`file://${page}`);
  await tab.waitForSelector('input[name=address]');
  await tab.$eval('input[name=address]', (input, address) => { input.value = address; }, broker.websockets);
  await press(tab, 'Connect');
  await row(tab, 'billing');
}

async function fitsPhones(world) {
  const broker = await world.broker();
  await join(world.clients(broker), ['a', 'b'], `$share/billing/${'a-long-level/'.repeat(20)}#`);
  const tab = await world.open(broker, { width: 380, height: 700 });
  const width = () => tab.evaluate(() => document.documentElement.scrollWidth);
  await row(tab, 'billing');
  assert.equal(await width(), 380, 'the list is not wider than the phone');
  await (await row(tab, 'billing')).click();
  await row(tab, 'Active');
  assert.equal(await width(), 380, 'a group is not wider than the phone');
}

export const tests = {
  'shows groups, what is stuck, and totals': showsGroupsAndTotals,
  "shows the members' shares of the work": showsShares,
  'pauses and resumes a member on two pages': pausesAndResumes,
  'sees what other administrators and members do': seesWhatOthersDo,
  'removes members and changes a strategy': removesAndChangesStrategy,
  'searches and sorts': searchesAndSorts,
  'survives a restart of the broker': survivesRestart,
  'works from a file': comesFromFile,
  'fits a phone': fitsPhones,
};

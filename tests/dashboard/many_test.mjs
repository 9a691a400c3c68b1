// 10,000 groups.
import assert from 'node:assert/strict';
import { shows } from './browser.mjs';
import { until } from './environment.mjs';

const count = 10_000;
const inRequest = 1000;

async function declare(clients) {
  const administrator = await clients.connect('administrator');
  for (let begin = 0; begin < count; begin += inRequest) {
    const commands = Array.from({ length: inRequest }, (_, index) => (
      { command: 'declareGroup', group: `g${begin + index}`, filter: `f/${begin + index}` }));
    await administrator.publishAsync('$CONTROL/shared-subscription/v1', JSON.stringify({ commands }), { qos: 1 });
  }
}

// How long a click, or a key, waits at most while the page works: the longest task.
const watchTasks = (tab) => tab.evaluateOnNewDocument(() => {
  window.longest = 0;
  new PerformanceObserver((list) => {
    for (const { duration } of list.getEntries()) window.longest = Math.max(window.longest, duration);
  }).observe({ entryTypes: ['longtask'] });
});

const first = (tab) => tab.$eval('.groups tbody tr:not(.space) .group', (cell) => cell.innerText);

async function showsMany(world, pluginLines) {
  const broker = await world.broker({ pluginLines });
  const tab = await world.open(broker);
  tab.setDefaultTimeout(90_000);
  await watchTasks(tab);
  await declare(world.clients(broker));
  await tab.reload();
  await shows(tab, 'All 10,000', '.tools');
  assert.ok(await tab.$$eval('.groups tr', (all) => all.length) < 100, 'only rows that are seen are there');
  await tab.evaluate(() => scrollTo(0, document.documentElement.scrollHeight));
  await shows(tab, 'g9999', '.groups');
  await tab.evaluate(() => scrollTo(0, document.documentElement.scrollHeight / 2));
  await until('the middle is shown', async () => /^g[45]\d\d\d$/.test(await first(tab)));
  await tab.type('input[type=search]', 'g1234');
  await until('one is found', async () => (await first(tab)) === 'g1234');
  const longest = await tab.evaluate(() => window.longest);
  console.log(`the longest task of the page took ${Math.round(longest)} ms`);
  assert.ok(longest < 2000, 'the page never stalls');
}

export const tests = {
  'shows 10,000 groups': (world) => showsMany(world, ['plugin_opt_control true']),
};

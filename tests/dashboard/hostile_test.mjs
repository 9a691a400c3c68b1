// Names that want to be more than names.
import assert from 'node:assert/strict';
import { press, row, shows } from './browser.mjs';
import { publish } from './clients.mjs';

const markup = '<img src=x onerror=document.title="taken"><script>document.title="taken"</script>';
const names = {
  markup: [`$share/${markup.replaceAll('/', '&sol;')}/m1`, markup],
  quotes: ['$share/"><b>\'`${1-1}/m2', '"\'><svg onload=alert(1)>'],
  order: ['$share/abc\u202etxt.exe\u2066/m3', 'client\u200b\u202e'],
  percent: ['$share/%00%2e%2e?&a=b;c/m4/%/?', '%'],
  prototype: ['$share/__proto__/m5', 'constructor'],
  marks: [`$share/z${'\u0335\u0321\u0354'.repeat(40)}/m6`, `z${'\u0335'.repeat(200)}`],
  long: [`$share/${'long '.repeat(50)}/${`${'level'.repeat(50)}/`.repeat(150)}m7`, 'l'.repeat(3000)],
  emoji: ['$share/👩‍👩‍👧‍👦🏳️‍🌈/m8', '🏳️‍🌈'],
};

const isTaken = (tab) => tab.evaluate(() => document.title !== 'Shared subscriptions'
  || document.querySelector('#page :is(img, script, b b, svg, iframe)') !== null);

async function takesNamesAsText(world, pluginLines) {
  const broker = await world.broker({ pluginLines });
  const clients = world.clients(broker);
  for (const [filter, clientId] of Object.values(names)) await clients.join(clientId, filter);
  await publish(await clients.connect('<i>publisher</i>'), 'm1', 1);
  const tab = await world.open(broker);
  await tab.waitForFunction((count) => document.querySelectorAll('.groups tbody tr:not(.space)').length === count, {},
    Object.keys(names).length);
  await shows(tab, '<script>document.title', '.groups');
  await shows(tab, 'abc\\u{202e}txt.exe\\u{2066}', '.groups');
  const heights = await tab.$$eval('.groups tbody tr', (all) => all.map((one) => Math.round(one.offsetHeight)));
  assert.deepEqual(new Set(heights), new Set([heights[0]]), 'no name makes its row higher');
  const width = await tab.evaluate(() => document.documentElement.scrollWidth);
  assert.equal(width, 1280, 'no name makes the page wider');
  assert.equal(await isTaken(tab), false, 'no name is markup');
  return tab;
}

async function isSteered(world) {
  const tab = await takesNamesAsText(world, ['plugin_opt_control true']);
  for (const filter of ['m1', 'm2', 'm3', 'm4', 'm5', 'm6', 'm8']) {
    await tab.$$eval('.groups tr', (all, wanted) => {
      all.find((one) => one.querySelector('.filter')?.innerText.startsWith(wanted))?.querySelector('a').click();
    }, filter);
    await row(tab, 'Active');
    await press(tab, 'Pause', '.members');
    assert.equal(await isTaken(tab), false, 'no name in a question is markup');
    await press(tab, 'Pause', 'dialog');
    await shows(tab, /Paused/, '.members');
    await tab.goBack();
    await tab.waitForSelector('.groups');
  }
}

export const tests = {
  'takes names as text, and steers what has them': isSteered,
  'takes names in metrics as text': (world) => takesNamesAsText(world, ['plugin_opt_control false']),
};

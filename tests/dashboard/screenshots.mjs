// node screenshots.mjs DIRECTORY: pictures of a broker at work, with real clients.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { launch, press, row, shows } from './browser.mjs';
import { publish } from './clients.mjs';
import { until } from './environment.mjs';
import { World } from './pages.mjs';

const directory = process.argv[2];
const seconds = 125;  // what the charts show
const pause = (milliseconds) => new Promise((resolve) => { setTimeout(resolve, milliseconds); });

async function start(world) {
  const broker = await world.broker({ pluginLines: [
    'plugin_opt_control true', 'plugin_opt_group_strategy hash_clientid invoices', 'plugin_opt_group_strategy sticky audit'] });
  const clients = world.clients(broker);
  for (let number = 1; number <= 6; ++number) await clients.join(`billing-worker-${number}`, '$share/billing/orders/#');
  for (const name of ['eu', 'us']) await clients.join(`invoices-${name}`, '$share/invoices/orders/+/paid');
  for (const name of ['one', 'two']) await clients.join(`audit-${name}`, '$share/audit/#');
  for (let number = 1; number <= 3; ++number) await clients.join(`ingest-${number}`, '$share/telemetry/sensors/+/temperature');
  for (const name of ['a', 'b']) await clients.join(`thumbnails-${name}`, '$queue/images/new');
  await (await clients.join('mailer', '$share/mail/mail/out/#')).endAsync();
  return { broker, clients };
}

// Rates that rise and fall, each topic in its own time.
async function work(clients, isOver) {
  const publishers = await Promise.all(['shop', 'plant', 'camera'].map((name) => clients.connect(name)));
  const [shop, plant, camera] = publishers;
  for (let tick = 0; !isOver(); ++tick) {
    const wave = (period) => 1 + Math.sin(2 * Math.PI * tick / period);
    await Promise.all([
      publish(shop, `orders/${tick % 9}/${tick % 3 ? 'new' : 'paid'}`, Math.round(3 * wave(130) + 2 * Math.random())),
      publish(plant, `sensors/${tick % 40}/temperature`, Math.round(6 + 3 * wave(310))),
      publish(camera, 'images/new', tick % 90 < 25 ? 2 : 0),
      publish(shop, 'mail/out/receipt', tick % 60 === 30 ? 1 : 0),
      pause(100),
    ]);
  }
}

async function picture(tab, name, options) {
  await pause(300);
  await tab.screenshot({ path: join(directory, `${name}.png`), ...options });
}

async function take(tab, clients) {
  await picture(tab, 'dashboard');
  await tab.emulateMediaFeatures([{ name: 'prefers-color-scheme', value: 'dark' }]);
  await picture(tab, 'dashboard-dark');
  await (await row(tab, 'billing')).click();
  await row(tab, 'Active');
  await press(tab, 'Pause', '.members tbody tr:nth-child(2)');
  await press(tab, 'Pause', 'dialog');
  await shows(tab, 'Paused', '.members');
  await clients.leave('billing-worker-5');
  await shows(tab, 'Away', '.members');
  await until('the notice goes', () => tab.$eval('.notice', (notice) => notice.hidden));
  await picture(tab, 'group-dark');
  await tab.emulateMediaFeatures([{ name: 'prefers-color-scheme', value: 'light' }]);
  await picture(tab, 'group');
  await tab.setViewport({ width: 380, height: 780, deviceScaleFactor: 2 });
  await picture(tab, 'group-phone', { fullPage: true });
  await tab.goBack();
  await row(tab, 'billing');
  await picture(tab, 'dashboard-phone');
}

mkdirSync(directory, { recursive: true });
const browser = await launch();
const world = new World(browser);
let isOver = false;
try {
  const { broker, clients } = await start(world);
  const working = work(clients, () => isOver);
  const tab = await world.open(broker, { width: 1280, height: 640 });
  await row(tab, 'billing');
  await pause(seconds * 1000);
  await take(tab, clients);
  isOver = true;
  await working;
} finally {
  isOver = true;
  await world.end();
  await browser.close();
}

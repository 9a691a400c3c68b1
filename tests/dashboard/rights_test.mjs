// What a user sees who may do less, and what the page says is wrong.
import { execFileSync } from 'node:child_process';
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { press, row, shows } from './browser.mjs';
import { publish } from './clients.mjs';
import { is2_1, page } from './environment.mjs';

const users = { admin: 'a', reader: 'r', nobody: 'n' };

function passwords() {
  const directory = mkdtempSync(join(tmpdir(), 'dashboard-'));
  const file = join(directory, 'passwords');
  try {
    Object.entries(users).forEach(([name, password], index) => {
      execFileSync('mosquitto_passwd', [...index === 0 ? ['-c'] : [], '-b', file, name, password]);
    });
    return readFileSync(file, 'utf8');
  } finally {
    rmSync(directory, { recursive: true });
  }
}

const acl = `
user admin
topic readwrite #
topic read $SYS/#
topic write $CONTROL/shared-subscription/v1
user reader
topic read $SYS/broker/#
user nobody
topic read nothing
`;

const guarded = () => ({
  pluginLines: [],
  lines: ['allow_anonymous false', 'password_file @/passwords', 'acl_file @/acl'],
  files: { passwords: passwords(), acl },
});

async function login(tab, user, password) {
  await tab.waitForSelector('input[name=user]');
  for (const [name, value] of [['user', user], ['password', password]])
    await tab.$eval(`input[name=${name}]`, (input, text) => { input.value = text; }, value);
  await press(tab, 'Connect');
}

// 2.1's http_api asks who wants the page, by HTTP Basic. From a file it is the same page.
async function openGuarded(world, broker) {
  const tab = await world.openFile(`file://${page}`);
  await tab.waitForSelector('input[name=address]');
  await tab.$eval('input[name=address]', (input, address) => { input.value = address; }, broker.websockets);
  return tab;
}

async function knowsWhoMayDoWhat(world) {
  const broker = await world.broker(guarded());
  const clients = world.clients(broker);
  const member = await clients.join('a', '$share/billing/orders/#', { username: 'admin', password: 'a' });
  await publish(member, 'orders/1', 3);

  const tab = await openGuarded(world, broker);
  await press(tab, 'Connect');
  await shows(tab, 'Log in to the broker');
  await login(tab, 'admin', 'wrong');
  await shows(tab, 'Not authorised', '.problem');
  assert.equal(await tab.evaluate(() => sessionStorage.length), 0, 'a wrong password is not kept');

  await login(tab, 'reader', 'r');
  await shows(tab, 'reader, read-only', '.who');
  await shows(tab, 'may not write to $CONTROL/shared-subscription/v1', '.note');
  await shows(tab, /billing\s+orders\/#\s+round_robin\s+1 of 1/);
  await (await row(tab, 'billing')).click();
  await shows(tab, 'Members are shown to users who may write to $CONTROL/shared-subscription/v1');
  assert.equal(await tab.$('.group-view :is(button, select)'), null, 'nothing can be done');
  await press(tab, 'Log out');

  await login(tab, 'nobody', 'n');
  await shows(tab, 'Not authorised to see anything', '.problem');
  await press(tab, 'Log out');

  await login(tab, 'admin', 'a');
  await shows(tab, 'admin, may steer', '.who');
  await row(tab, 'Active');
  assert.ok(!tab.url().includes('admin'), 'the address names no user');
  assert.equal(await tab.evaluate(() => localStorage.length + document.cookie.length), 0, 'nothing is kept for long');
  await tab.reload();
  await shows(tab, 'admin, may steer', '.who');
  await press(tab, 'Log out');
  assert.equal(await tab.evaluate(() => sessionStorage.length), 0, 'who has logged out is forgotten');
}

async function servesUsersByBasic(world) {
  const options = guarded();
  options.files.acl = `pattern read /#\n${acl}`;
  const broker = await world.broker(options);
  const tab = await world.open(broker, is2_1 ? { credentials: { username: 'reader', password: 'r' } } : {});
  await login(tab, 'reader', 'r');
  await shows(tab, 'reader, read-only', '.who');
}

async function readsMetricsWithoutControl(world) {
  const broker = await world.broker({ pluginLines: ['plugin_opt_control false'] });
  const clients = world.clients(broker);
  const member = await clients.join('a', '$share/billing/orders/#');
  await publish(member, 'orders/1', 3);
  const tab = await world.open(broker);
  await shows(tab, 'plugin_opt_control', '.note');
  await shows(tab, /billing\s+orders\/#\s+round_robin\s+1 of 1/);
  await member.endAsync();
  await publish(await clients.connect('publisher'), 'orders/1', 3);
  await shows(tab, /billing\s+orders\/#\s+round_robin\s+0 of 1\s+\S+\s+3/, 'tr.stuck');
  await clients.join('a', '$share/other/orders/#', { clean: true });
  await row(tab, 'other');
  await tab.waitForFunction(() => !document.body.innerText.includes('billing'));
}

async function saysThatThePluginIsNotThere(world) {
  const tab = await world.open(await world.broker({ pluginLines: null }));
  await shows(tab, 'The plugin shows nothing', '.problem');
  await shows(tab, 'The plugin is not loaded for this listener', '.problem');
}

async function saysThatWebsocketsAreNotThere(world) {
  const tab = await world.open(await world.broker({ hasWebsockets: false }));
  await shows(tab, 'The broker has no websockets listener', '.problem');
  await shows(tab, 'protocol websockets', '.problem pre');
}

async function saysThatNobodyAnswers(world) {
  const broker = await world.broker();
  const tab = await world.openFile(`file://${page}`);
  tab.allowed.push(/WebSocket connection to .* failed/);
  await tab.waitForSelector('input[name=address]');
  await tab.$eval('input[name=address]', (input) => { input.value = 'http://127.0.0.1'; });
  await press(tab, 'Connect');
  await shows(tab, 'Log in to the broker');
  assert.equal(await tab.$eval('input[name=address]', (input) => input.ariaInvalid), 'true', 'that is no address');
  await tab.$eval('input[name=address]', (input, port) => { input.value = `127.0.0.1:${port}`; }, broker.port);
  await press(tab, 'Connect');
  await shows(tab, 'No websockets listener answers', '.problem');
}

export const tests = {
  'knows who may do what': knowsWhoMayDoWhat,
  'is served where users are asked for': servesUsersByBasic,
  'reads metrics where control is off': readsMetricsWithoutControl,
  'says that the plugin is not there': saysThatThePluginIsNotThere,
  ...is2_1 && { 'says that there is no websockets listener': saysThatWebsocketsAreNotThere },
  'says that nobody answers': saysThatNobodyAnswers,
};

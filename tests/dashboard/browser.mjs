// Chromium, and pages in it that may speak to the broker alone and have nothing to complain of.
import { browserPath, load, seconds } from './environment.mjs';

const puppeteer = load('puppeteer-core').default ?? load('puppeteer-core');

export function launch() {
  return puppeteer.launch({
    executablePath: browserPath, headless: 'shell',
    args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', '--disable-extensions', '--disable-background-networking',
      '--no-proxy-server', '--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1'],
  });
}

/** A page with what it must not do; `isBrokerAway` allows it to complain of the connection. */
export async function open(browser, url, { width = 1280, height = 800, isDark = false, credentials } = {}) {
  const context = await browser.createBrowserContext();
  const tab = await context.newPage();
  tab.faults = [];
  tab.allowed = [];  // patterns of complaints that a test expects
  const complain = (text) => {
    if (!tab.allowed.some((pattern) => pattern.test(text))) tab.faults.push(text);
  };
  tab.setDefaultTimeout(seconds * 1000);
  tab.on('console', (message) => {
    if (['error', 'warn'].includes(message.type())) complain(`console: ${message.text()} ${message.location().url ?? ''}`);
  });
  tab.on('pageerror', (error) => complain(`exception: ${error.stack}`));
  tab.on('request', (request) => {
    const { protocol, hostname } = new URL(request.url());
    const isOurs = ['file:', 'data:'].includes(protocol) || hostname === '127.0.0.1';
    if (!isOurs) complain(`request: ${request.url()}`);
  });
  tab.on('dialog', (dialog) => complain(`dialog: ${dialog.message()}`));
  await tab.setViewport({ width, height });
  await tab.emulateMediaFeatures([{ name: 'prefers-color-scheme', value: isDark ? 'dark' : 'light' }]);
  if (credentials) await tab.authenticate(credentials);
  await tab.goto(url);
  return tab;
}

/** Waits until the page shows the text, a string or a pattern, in the element. */
export const shows = (tab, text, selector = 'body') => tab.waitForFunction((wanted, source, flags, where) => {
  const found = [...document.querySelectorAll(where)].map((element) => element.innerText).join('\n');
  return source === null ? found.includes(wanted) : new RegExp(source, flags).test(found);
}, { polling: 50 }, String(text), text.source ?? null, text.flags ?? null, selector).catch(async (error) => {
  const found = await tab.$eval('body', (body) => body.innerText);
  throw new Error(`the page does not show ${text} in ${selector} (${error.message}), but:\n${found.slice(0, 1000)}`);
});

/** The row, of a table, that has the text; waits for it. */
export const row = (tab, text) => tab.waitForSelector(`::-p-xpath(//tbody/tr[contains(., "${text}")])`);

export async function press(tab, name, within = 'body') {
  const button = await tab.waitForSelector(`${within} ::-p-xpath(.//button[normalize-space()="${name}"])`);
  await button.click();
}

// Brokers, clients and pages of one test, which all end with it.
import { Broker } from './broker.mjs';
import { Clients } from './clients.mjs';
import { open } from './browser.mjs';

export class World {
  #brokers = [];
  #clients = [];
  #tabs = [];

  constructor(browser) {
    this.browser = browser;
  }

  async broker(options) {
    const broker = await Broker.start(options);
    this.#brokers.push(broker);
    return broker;
  }

  clients(broker) {
    const clients = new Clients(broker.port);
    this.#clients.push(clients);
    return clients;
  }

  async open(broker, { hash = '', ...options } = {}) {
    const tab = await open(this.browser, `${broker.url}${hash}`, options);
    this.#tabs.push(tab);
    return tab;
  }

  async openFile(url, options) {
    const tab = await open(this.browser, url, options);
    this.#tabs.push(tab);
    return tab;
  }

  /** Nothing may be wrong that the test has not looked at. */
  async end() {
    const faults = this.#tabs.flatMap((tab) => tab.faults);
    await Promise.all(this.#tabs.map((tab) => tab.browserContext().close()));
    await Promise.all(this.#clients.map((clients) => clients.end()));
    for (const broker of this.#brokers) await broker.close();
    if (faults.length > 0) throw new Error(`the page complained:\n${faults.join('\n')}`);
  }
}

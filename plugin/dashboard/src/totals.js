// The totals, with rates of those that only grow.
import { History, rateBetween } from './groups.js';

const growing = ['dispatched', 'redispatched', 'dropped', 'expired'];

export class Totals {
  values = {};
  rates = {};
  history = new History();
  #before = new Map();

  /** `seconds`: over how many at most they may have changed. */
  update(values, now, seconds = Infinity) {
    Object.assign(this.values, values);
    for (const name of growing) if (name in values) this.#updateRate(name, values[name], now, seconds);
  }

  /** Those that nobody has updated since `latest` stand still. */
  quieten(latest, now) {
    for (const [name, before] of this.#before) if (this.rates[name] && before.now < latest) this.#setRate(name, 0, now);
  }

  #updateRate(name, value, now, seconds) {
    const before = this.#before.get(name);
    if (before && now - before.now < 0.5) return;
    if (before) this.#setRate(name, rateBetween(before.value, value, Math.min(seconds, now - before.now)), now);
    this.#before.set(name, { value, now });
  }

  #setRate(name, rate, now) {
    this.rates[name] = rate;
    if (name === 'dispatched') this.history.add(now, rate);
  }
}

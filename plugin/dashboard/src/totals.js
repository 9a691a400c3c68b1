// The totals, with rates of those that only grow.
import { History, Rate } from './groups.js';

const growing = ['dispatched', 'redispatched', 'dropped', 'expired'];

export class Totals {
  values = {};
  history = new History();
  #rates = Object.fromEntries(growing.map((name) => [name, new Rate()]));

  get rates() {
    return Object.fromEntries(growing.map((name) => [name, this.#rates[name].value]));
  }

  /** `seconds`: over how many at most they may have changed. */
  update(values, now, seconds = Infinity) {
    Object.assign(this.values, values);
    for (const name of growing) {
      if (name in values && this.#rates[name].add(now, values[name], seconds)) this.#remember(name, now);
    }
  }

  /** Those that nobody has updated since `latest` stand still. */
  quieten(latest, now) {
    for (const [name, rate] of Object.entries(this.#rates)) {
      if (!rate.value || rate.at > latest) continue;
      rate.value = 0;
      this.#remember(name, now);
    }
  }

  #remember(name, now) {
    if (name === 'dispatched') this.history.add(now, this.#rates.dispatched.value);
  }
}

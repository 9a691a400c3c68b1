// What is known of groups: the newest numbers, rates, and the last minutes for the charts.
export const shownSeconds = 180;
const mostSamples = 120;

// A share name holds no '/'. What the metrics have cut is told apart by its topic.
const keyOf = ({ group, filter }, topic) => (
  topic && (group.endsWith('...') || filter.endsWith('...')) ? `${group}/${filter}#${topic}` : `${group}/${filter}`
);

/** The last minutes of one number: times in seconds, and values. */
export class History {
  times = [];
  values = [];

  add(now, value) {
    if (this.times.length >= mostSamples || now - this.times[0] > shownSeconds * 2) {
      this.times.shift();
      this.values.shift();
    }
    this.times.push(now);
    this.values.push(value);
  }
}

/** Messages a second between two counts; a count that was set back begins anew. */
export function rateBetween(before, after, seconds) {
  return seconds > 0 ? Math.max(0, after - before) / seconds : 0;
}

export const isStuck = (group) => group.queued > 0 && group.connected === 0;

export class Groups {
  all = new Map();
  #sweep = 0;

  /** `seconds`: over how many at most `dispatched` may have changed, where the plugin shows no rate. */
  update(data, now, { topic = '', seconds = Infinity } = {}) {
    const key = keyOf(data, topic);
    let known = this.all.get(key);
    if (!known) {
      known = { key, history: new History(), seen: 0, text: `${data.group}\n${data.filter}`.toLowerCase() };
      this.all.set(key, known);
    }
    const { memberList, rate, ...numbers } = data;
    const derived = known.at === undefined
      ? null
      : rateBetween(known.dispatched, data.dispatched, Math.min(seconds, now - known.at));
    Object.assign(known, numbers, { at: now, seen: this.#sweep, rate: rate ?? derived });
    if (known.rate !== null) known.history.add(now, known.rate);
    return known;
  }

  remove(key) {
    this.all.delete(key);
  }

  clear() {
    this.all.clear();
  }

  beginSweep() {
    ++this.#sweep;
  }

  /** Groups that ended while others were listed may have hidden one that is there: two sweeps decide. */
  endSweep(pages) {
    const oldest = this.#sweep - (pages > 1 ? 1 : 0);
    for (const [key, group] of this.all) if (group.seen < oldest) this.all.delete(key);
  }
}

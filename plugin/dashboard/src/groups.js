// What is known of groups: the newest numbers, rates, and the last minutes for the charts.
export const shownSeconds = 120;
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

/** Messages a second, from successive counts; a count that was set back begins anew. */
export class Rate {
  value = null;
  at;
  #count;

  /** Whether there is a new value: too short a time says nothing. `most`: seconds, if it may have changed in the last of them
      alone. */
  add(now, count, most = Infinity) {
    const passed = now - this.at;
    if (passed < 1) return false;
    const isFirst = this.at === undefined;
    if (!isFirst) this.value = Math.max(0, count - this.#count) / Math.min(most, passed);
    this.at = now;
    this.#count = count;
    return !isFirst;
  }
}

export const isStuck = (group) => group.queued > 0 && group.connected === 0;

export class Groups {
  all = new Map();
  /** Changes when a group begins or ends. */
  census = 0;
  #sweep = 0;

  /** `seconds`: over how many at most `dispatched` may have changed, where the plugin shows no rate. */
  update(data, now, { topic = '', seconds = Infinity } = {}) {
    const key = keyOf(data, topic);
    let known = this.all.get(key);
    if (!known) {
      known = { key, history: new History(), counted: new Rate(), seen: 0, text: `${data.group}\n${data.filter}`.toLowerCase() };
      this.all.set(key, known);
      ++this.census;
    }
    const { memberList, rate, ...numbers } = data;
    const isNew = known.counted.add(now, data.dispatched, seconds);
    Object.assign(known, numbers, { seen: this.#sweep, isCounted: rate === undefined, rate: rate ?? known.counted.value });
    if (isNew || (known.history.times.length === 0 && known.rate !== null)) known.history.add(now, known.rate);
    return known;
  }

  /** Where rates are counted, and nothing has been said since `latest`, nothing has happened. */
  quieten(latest, now) {
    for (const group of this.all.values()) {
      if (!group.isCounted || !group.rate || group.counted.at > latest) continue;
      group.rate = 0;
      group.history.add(now, 0);
    }
  }

  remove(key) {
    if (this.all.delete(key)) ++this.census;
  }

  clear() {
    this.all.clear();
    ++this.census;
  }

  beginSweep() {
    ++this.#sweep;
  }

  /** Groups that ended while others were listed may have hidden one that is there: two sweeps decide. */
  endSweep(pages) {
    const oldest = this.#sweep - (pages > 1 ? 1 : 0);
    for (const [key, group] of this.all) if (group.seen < oldest) this.remove(key);
  }
}

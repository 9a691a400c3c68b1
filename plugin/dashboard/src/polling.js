// What the control API shows, asked for again and again: two requests at a time, so that neither the page nor
// the broker is ever busy with it. All groups at once where they are few; where they are many, the rows that are seen
// each time, and one page of the others.
const milliseconds = 2000;
const pauseAtFirst = 200;  // until all groups are known
const mostAtOnce = 1000;  // groups in one response
const fewestAtOnce = 50;
const mostVisible = 60;
const mostSilences = 3;
export const membersAtOnce = 200;

const waitUntilVisible = () => new Promise((resolve) => {
  if (!document.hidden) resolve();
  else document.addEventListener('visibilitychange', () => resolve(), { once: true });
});

export class Polling {
  #offset = 0;
  #pages = 0;
  #count = 250;
  #silences = 0;
  #hasAll = false;
  #isStopped = false;
  #isHurried = false;
  #wake = () => {};

  /** `model`: has control, groups, totals, visible, selected; gets members, problems. */
  constructor(model) {
    this.model = model;
  }

  stop() {
    this.#isStopped = true;
    this.#wake();
  }

  /** A round now. */
  hurry() {
    this.#isHurried = true;
    this.#wake();
  }

  async run() {
    while (!this.#isStopped) {
      await waitUntilVisible();
      const began = performance.now();
      this.#isHurried = false;
      try {
        await this.#round();
        this.#silences = 0;
        this.#adapt(performance.now() - began);
      } catch (error) {
        if (this.#isStopped) return;
        this.#adapt(Infinity);
        if (error.cause !== 'silent' || ++this.#silences >= mostSilences) return this.model.refuse(error);
      }
      const took = performance.now() - began;
      await this.#pause(this.#hasAll ? Math.max(milliseconds, 4 * took) : Math.min(pauseAtFirst, took));
    }
  }

  // As many groups in one answer as come soon.
  #adapt(took) {
    if (took === Infinity) this.#count = Math.max(fewestAtOnce, Math.floor(this.#count / 4));
    else if (took < 1000) this.#count = Math.min(mostAtOnce, this.#count * 2);
  }

  #pause(time) {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, time);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
      if (this.#isStopped || this.#isHurried) this.#wake();
    });
  }

  async #round() {
    await Promise.all([this.#askForShown(), this.#askForList()]);
    if (!this.#isStopped) this.model.changed();
  }

  async #askForList() {
    const { model } = this;
    const sweep = this.#offset;
    if (sweep === 0) {
      model.groups.beginSweep();
      this.#pages = 0;
    }
    const list = await model.control.command({ command: 'listGroups', verbose: true, count: this.#count, offset: sweep });
    if (this.#isStopped) return;
    ++this.#pages;
    const now = Date.now() / 1000;
    for (const group of list.groups) model.groups.update(group, now);
    model.totalGroups = list.totalCount;
    this.#offset = sweep + list.groups.length;
    if (list.groups.length === 0 || this.#offset >= list.totalCount) {
      this.#offset = 0;
      this.#hasAll = true;
      model.groups.endSweep(this.#pages);
    }
  }

  // What is looked at: totals, the group or the rows. Those that the list shows anyway are not asked for twice.
  async #askForShown() {
    const { model } = this;
    const { selected } = model;
    const rows = this.#hasAll && model.groups.all.size > this.#count ? model.visible.slice(0, mostVisible) : [];
    const commands = [{ command: 'getStatistics' }];
    if (selected) commands.push(this.#getGroup(selected, membersAtOnce, selected.offset));
    for (const row of rows) commands.push(this.#getGroup(row, 1, 0));
    const [statistics, ...groups] = await model.control.ask(commands);
    if (this.#isStopped) return;
    const now = Date.now() / 1000;
    if (statistics.data) model.totals.update(statistics.data, now);
    const shown = selected ? groups.shift() : null;
    if (shown && selected === model.selected) model.showMembers(shown, now);
    groups.forEach((response, index) => {
      if (response.data) model.groups.update(response.data.group, now);
      else model.groups.remove(rows[index].key);
    });
  }

  #getGroup({ group, filter }, count, offset) {
    return { command: 'getGroup', group, filter, count, offset };
  }
}

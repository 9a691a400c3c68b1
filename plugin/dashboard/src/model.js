// All that the page shows, and what it does with the broker.
import { findAddress } from './address.js';
import { connect } from './connection.js';
import { Control } from './control.js';
import { Groups, Rate } from './groups.js';
import { Metrics, brokerTopic } from './metrics.js';
import { Polling } from './polling.js';
import * as problems from './problems.js';
import { Totals } from './totals.js';

const storageName = 'shared-subscription-dashboard';
const longestPause = 8000;
const noticeSeconds = 8;

export class Model {
  phase = 'connecting';  // login, connecting, probing, control, metrics, nothing
  problem = null;        // { title, text, lines }
  note = null;           // why it is read-only
  notice = null;         // { text, isError }: what the last action has done
  address = '';
  user = '';
  password = '';
  broker = '';
  version = '';
  groups = new Groups();
  totals = new Totals();
  totalGroups = 0;
  visible = [];
  selected = null;       // { key, group, filter, offset }
  members = null;        // of the selected group
  isGone = false;        // the selected group
  control = null;
  #metrics = null;
  #polling = null;
  #disconnect = () => {};
  #retry = 0;
  #silence = 0;
  #pause = 1000;
  #hasBeenUp = false;
  #render;
  #isScheduled = false;

  constructor(render) {
    this.#render = render;
  }

  get isUp() {
    return ['probing', 'control', 'metrics', 'nothing'].includes(this.phase);
  }

  get maySteer() {
    return this.phase === 'control';
  }

  /** Changes with all that is shown. */
  revision = 0;

  /** Shows it soon, however often something changes. */
  changed() {
    ++this.revision;
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    setTimeout(() => {
      this.#isScheduled = false;
      this.#render();
    }, 100);
  }

  async start() {
    Object.assign(this, JSON.parse(sessionStorage.getItem(storageName) ?? '{}'));
    if (!this.address) {
      const found = await findAddress();
      if (typeof found === 'string') this.address = found;
      else return this.#ask(found);
    }
    if (this.address) this.#connect();
    else this.#ask(null);
  }

  login({ address, user, password }) {
    Object.assign(this, { address, user, password, problem: null, note: null });
    this.#forget();
    this.#hasBeenUp = false;
    this.#connect();
  }

  logout() {
    sessionStorage.removeItem(storageName);
    this.#forget();
    Object.assign(this, { user: '', password: '' });
    this.#ask(null);
  }

  askForLogin() {
    this.#forget();
    this.#ask(null);
  }

  select(selected) {
    Object.assign(this, { selected, members: null, isGone: false, notice: null });
    this.#polling?.hurry();
    this.#render();
  }

  /** Asks for the shown rows soon. */
  hurry() {
    this.#polling?.hurry();
  }

  #say(notice) {
    this.notice = notice;
    clearTimeout(this.#silence);
    this.#silence = setTimeout(() => {
      this.notice = null;
      this.changed();
    }, noticeSeconds * 1000);
  }

  /** An administrator's command; `done` is said when it is carried out. */
  async act(command, done) {
    try {
      await this.control.command(command);
      this.#say({ text: done, isError: false });
    } catch (error) {
      this.#say({ text: problems.actionFailed(error), isError: true });
    }
    this.#polling?.hurry();
    this.#render();
  }

  #ask(problem) {
    Object.assign(this, { phase: 'login', problem });
    this.#render();
  }

  #forget() {
    this.#stop();
    this.#disconnect();
    clearTimeout(this.#retry);
    this.groups.clear();
    Object.assign(this, { totals: new Totals(), members: null, totalGroups: 0, visible: [] });
  }

  #stop() {
    this.#polling?.stop();
    this.#metrics?.stop();
    Object.assign(this, { control: null, version: '', broker: '' });
    this.#polling = null;
    this.#metrics = null;
  }

  #connect() {
    this.phase = 'connecting';
    this.changed();
    this.#disconnect = connect({ url: this.address, user: this.user, password: this.password }, {
      up: (client) => this.#probe(client),
      down: (why) => this.#onDown(why),
    });
  }

  #onDown({ isRefused, reason, wasUp }) {
    this.#stop();
    if (isRefused) {
      this.#hasBeenUp = false;
      return this.#ask(this.user ? problems.notAuthorised(this.user) : this.problem ?? null);
    }
    this.phase = 'connecting';
    if (wasUp) this.#pause = 1000;
    this.problem = reason
      ? problems.refused(this.address, reason)
      : this.#hasBeenUp ? problems.lost(this.address) : problems.noWebsockets(this.address);
    this.#retry = setTimeout(() => this.#connect(), this.#pause);
    this.#pause = Math.min(longestPause, this.#pause * 2);
    this.#render();
  }

  // What may this user do, and is the plugin there?
  async #probe(client) {
    const isOver = () => !client.connected;
    this.#hasBeenUp = true;
    Object.assign(this, { phase: 'probing', problem: null, note: null });
    if (this.user) {
      const { address, user, password } = this;
      sessionStorage.setItem(storageName, JSON.stringify({ address, user, password }));
    }
    this.changed();
    const control = new Control(client);
    client.on('message', (topic, payload) => {
      if (topic !== brokerTopic) return;
      this.broker = payload.toString();
      control.isSlow = this.broker.startsWith('mosquitto version 2.0.');
    });
    client.subscribe(brokerTopic);
    try {
      const { version } = await control.command({ command: 'getVersion' });
      if (isOver()) return;
      Object.assign(this, { control, version, phase: 'control' });
      this.#polling = new Polling(this);
      this.#polling.run();
    } catch (refusal) {
      if (!isOver()) await this.#readMetrics(client, refusal.cause);
    }
    this.#render();
  }

  async #readMetrics(client, cause) {
    this.note = problems.readOnly(cause, this.user);
    this.#metrics = new Metrics(this, client);
    const isThere = await this.#metrics.begin();
    if (isThere || !client.connected) return;
    this.phase = 'nothing';
    this.problem = problems.nothing(cause, this.broker, this.user);
  }

  metricsArrived() {
    Object.assign(this, { phase: 'metrics', problem: null });
  }

  /** The control API has stopped to answer: perhaps rights were taken away. */
  refuse(error) {
    if (error.cause === 'lost') return;
    this.#stop();
    this.#disconnect();
    this.#connect();
  }

  showMembers({ data, error }, now) {
    if (error) {
      Object.assign(this, { isGone: true, members: null });
      this.groups.remove(this.selected.key);
      return;
    }
    this.groups.update(data.group, now);
    const before = new Map(this.members?.map((member) => [member.clientid, member]));
    this.isGone = false;
    this.members = data.group.memberList.map((member) => {
      const counted = before.get(member.clientid)?.counted ?? new Rate();
      counted.add(now, member.dispatched);
      return { ...member, counted, rate: counted.value };
    });
  }
}

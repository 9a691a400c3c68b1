// The retained metrics below $SYS, for who may not write to $CONTROL.
const root = '$SYS/broker/shared-subscriptions/';
export const brokerTopic = '$SYS/broker/version';
const seconds = 3;
const secondsForAll = 15;  // a broker that has just started says one group after the other

const totalNames = {
  groups: 'groups',
  members: 'members',
  'members/connected': 'connected',
  'messages/dispatched': 'dispatched',
  'messages/queued': 'queued',
  'messages/redispatched': 'redispatched',
  'messages/dropped': 'dropped',
  'messages/expired': 'expired',
};

export class Metrics {
  #model;
  #client;
  #keys = new Map();  // of groups, by the last level of their topic
  #times = new Map();
  #interval = 10;
  #timer;
  #sweepTimer;
  isThere = false;

  constructor(model, client) {
    this.#model = model;
    this.#client = client;
    client.on('message', (topic, payload) => this.#receive(topic, payload.toString()));
  }

  /** Whether metrics come within some seconds; they may come later. */
  async begin() {
    if (!await this.#subscribe(['+', 'members/+', 'messages/+'])) return false;
    await this.#subscribe(['group/+']);
    this.#timer = setInterval(() => this.#quieten(), 1000);
    this.#model.groups.beginSweep();
    this.#sweepTimer = setTimeout(() => this.#model.groups.endSweep(1), secondsForAll * 1000);
    const end = Date.now() + seconds * 1000;
    while (!this.isThere && Date.now() < end && this.#client.connected)
      await new Promise((resolve) => { setTimeout(resolve, 50); });
    return this.isThere;
  }

  // Totals first: Mosquitto 2.0 drops of what is retained what exceeds max_queued_messages.
  async #subscribe(names) {
    const granted = await this.#client.subscribeAsync(names.map((name) => root + name)).catch(() => []);
    return granted.length > 0 && granted.every(({ qos }) => qos < 0x80);
  }

  stop() {
    clearInterval(this.#timer);
    clearTimeout(this.#sweepTimer);
  }

  #receive(topic, text) {
    if (!topic.startsWith(root)) return;
    const name = topic.slice(root.length);
    const now = Date.now() / 1000;
    if (name in totalNames) this.#receiveTotal(totalNames[name], text, now);
    else if (name.startsWith('group/')) this.#receiveGroup(name.slice('group/'.length), text, now);
    else return;
    if (!this.isThere) {
      this.isThere = true;
      this.#model.metricsArrived();
    }
    this.#model.changed();
  }

  #receiveTotal(name, text, now) {
    this.#model.totals.update({ [name]: Number(text) }, now, this.#interval);
    if (name === 'groups') this.#model.totalGroups = Number(text);
  }

  #receiveGroup(digits, text, now) {
    const { groups } = this.#model;
    if (text === '') {
      groups.remove(this.#keys.get(digits));
      this.#keys.delete(digits);
      return;
    }
    let data;
    try {
      data = JSON.parse(text);
    } catch {
      return;
    }
    this.#learnInterval(digits, now);
    const known = groups.update(data, now, { topic: digits, seconds: this.#interval });
    this.#keys.set(digits, known.key);
  }

  // The shortest time between two messages on one topic: they come only when something has changed.
  #learnInterval(digits, now) {
    const passed = now - (this.#times.get(digits) ?? -Infinity);
    if (passed >= 0.9) this.#interval = Math.min(this.#interval, passed);
    this.#times.set(digits, now);
  }

  // What has not been said again has not changed.
  #quieten() {
    const now = Date.now() / 1000;
    const latest = now - 2.5 * this.#interval;
    this.#model.totals.quieten(latest, now);
    this.#model.groups.quieten(latest, now);
    this.#model.changed();
  }
}

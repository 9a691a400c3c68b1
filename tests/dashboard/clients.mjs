// Real clients of the broker.
import { load } from './environment.mjs';

const mqtt = load('mqtt');

export class Clients {
  #all = [];

  constructor(port) {
    this.port = port;
  }

  async connect(clientId, options = {}) {
    const client = await mqtt.connectAsync(`mqtt://127.0.0.1:${this.port}`, {
      protocolVersion: 5, clientId, reconnectPeriod: 0, properties: { sessionExpiryInterval: 600 }, clean: true, ...options,
    });
    client.on('error', () => {});
    this.#all.push(client);
    return client;
  }

  /** A member of a group. */
  async join(clientId, filter, options = {}) {
    const client = await this.connect(clientId, options);
    await client.subscribeAsync(filter, { qos: 1 });
    return client;
  }

  /** Its connection ends, its session does not. */
  async leave(clientId) {
    await this.#all.find(({ options }) => options.clientId === clientId).endAsync(true);
  }

  async end() {
    await Promise.all(this.#all.map((client) => client.endAsync(true)));
    this.#all = [];
  }
}

export async function publish(client, topic, count) {
  for (let number = 0; number < count; ++number) await client.publishAsync(topic, `message ${number}`, { qos: 1 });
}

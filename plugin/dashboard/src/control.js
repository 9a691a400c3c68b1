// Requests on $CONTROL/shared-subscription/v1. The answer comes to the asking client alone, without a subscription.
const topic = '$CONTROL/shared-subscription/v1';
const seconds = 5;

// Mosquitto 2.0 sends websockets 4 KB in each turn of its main loop, and where nobody sends it anything there are ten a second.
// A ping makes a turn. Never to 2.1, which needs none: there requests were stuck behind many pings.
const pingAfter = 30;
const pingEach = 10;

/** Why a request has no answer. `cause`: denied, absent, silent or lost. */
export class Refusal extends Error {
  constructor(cause, message) {
    super(message);
    this.cause = cause;
  }
}

export class Control {
  #client;
  #waiting = new Map();
  #last = 0;
  #pinging;
  isSlow = false;  // a broker that needs pings

  constructor(client) {
    this.#client = client;
    client.on('message', (from, payload) => {
      if (from === `${topic}/response`) this.#receive(payload);
    });
    client.on('close', () => {
      for (const id of [...this.#waiting.keys()]) this.#settle(id, new Refusal('lost', 'The connection was lost.'));
    });
  }

  /** The responses, in the order of the commands; each has `data` or `error`. */
  ask(commands) {
    const id = String(++this.#last);
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#settle(id, new Refusal('silent', `No answer within ${seconds} seconds.`));
      }, seconds * 1000);
      this.#waiting.set(id, { resolve, reject, timer });
      this.#ping();
      const request = { commands: commands.map((command) => ({ ...command, correlationData: id })) };
      this.#client.publish(topic, JSON.stringify(request), { qos: 1 }, (error) => {
        // 0x87, Not authorized: MQTT 5 shows it on both generations.
        if (error) this.#settle(id, new Refusal(error.code === 0x87 ? 'denied' : 'lost', error.message));
      });
    });
  }

  /** One command's data; throws what the broker, or the plugin, says. */
  async command(command) {
    const [response] = await this.ask([command]);
    if (response.error) throw new Error(response.error);
    return response.data;
  }

  #receive(payload) {
    let answer;
    try {
      answer = JSON.parse(payload.toString());
    } catch {
      return;
    }
    const [first] = this.#waiting.keys();
    // Mosquitto 2.1 answers for a plugin that is not there.
    if (!Array.isArray(answer?.responses)) return this.#settle(first, new Refusal('absent', String(answer?.error)));
    this.#settle(answer.responses[0]?.correlationData ?? first, null, answer.responses);
  }

  #ping() {
    if (!this.isSlow) return;
    this.#pinging ??= setTimeout(() => {
      this.#pinging = setInterval(() => this.#client.connected && this.#client.sendPing(), pingEach);
    }, pingAfter);
  }

  #settle(id, refusal, responses) {
    const request = this.#waiting.get(id);
    if (!request) return;
    this.#waiting.delete(id);
    clearTimeout(request.timer);
    clearTimeout(this.#pinging);  // of either kind
    this.#pinging = undefined;
    if (this.#waiting.size > 0) this.#ping();
    if (refusal) request.reject(refusal);
    else request.resolve(responses);
  }
}

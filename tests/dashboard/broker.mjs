// A real broker that serves the page.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { brokerCommand, is2_1, page, plugin, until } from './environment.mjs';

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}

const answers = (port) => new Promise((resolve) => {
  const socket = connect(port, '127.0.0.1', () => {
    socket.destroy();
    resolve(true);
  });
  socket.on('error', () => resolve(false));
});

export class Broker {
  #directory = mkdtempSync(join(tmpdir(), 'dashboard-'));
  #process = null;

  /** `pluginLines`: behind its line, null: without the plugin. `lines`: at the beginning. `hasWebsockets`: 2.1 alone. */
  static async start({ pluginLines = ['plugin_opt_control true'], lines = [], files = {}, hasWebsockets = true } = {}) {
    const broker = new Broker();
    broker.port = await freePort();
    broker.pagePort = await freePort();
    broker.websocketsPort = is2_1 ? await freePort() : broker.pagePort;
    const www = join(broker.#directory, 'www');
    mkdirSync(www);
    copyFileSync(page, join(www, 'index.html'));
    for (const [name, text] of Object.entries(files)) writeFileSync(join(broker.#directory, name), text, { mode: 0o600 });
    const shown = is2_1 ? 'http_api' : 'websockets';
    const configuration = [
      'user root', ...lines,
      ...pluginLines ? [`plugin ${plugin}`, 'plugin_opt_sys_interval 1', ...pluginLines] : [],
      `listener ${broker.port} 127.0.0.1`,
      `listener ${broker.pagePort} 127.0.0.1`, `protocol ${shown}`, `http_dir ${www}`,
      ...is2_1 && hasWebsockets ? [`listener ${broker.websocketsPort} 127.0.0.1`, 'protocol websockets'] : [],
    ].map((line) => line.replaceAll('@', broker.#directory));
    if (!lines.some((line) => line.startsWith('allow_anonymous'))) configuration.unshift('allow_anonymous true');
    writeFileSync(broker.#configuration, `${configuration.join('\n')}\n`);
    await broker.begin();
    return broker;
  }

  get #configuration() {
    return join(this.#directory, 'mosquitto.conf');
  }

  get url() {
    return `http://127.0.0.1:${this.pagePort}/`;
  }

  get websockets() {
    return `ws://127.0.0.1:${this.websocketsPort}/mqtt`;
  }

  get log() {
    return readFileSync(join(this.#directory, 'log'), 'utf8');
  }

  async begin() {
    const log = openSync(join(this.#directory, 'log'), 'a');
    const [program, ...options] = brokerCommand;
    this.#process = spawn(program, [...options, '-c', this.#configuration], { stdio: ['ignore', log, log] });
    await until('the broker answers', () => {
      if (this.#process.exitCode !== null) throw new Error(`the broker has ended:\n${this.log}`);
      return answers(this.pagePort);
    });
  }

  /** It has to end well. */
  async end() {
    const ending = this.#process;
    this.#process = null;
    if (!ending) return;
    if (ending.exitCode === null && ending.signalCode === null) {
      ending.kill('SIGTERM');
      await once(ending, 'exit');
    }
    if (ending.exitCode !== 0) throw new Error(`the broker ended with ${ending.exitCode ?? ending.signalCode}:\n${this.log}`);
  }

  async close() {
    try {
      await this.end();
    } finally {
      rmSync(this.#directory, { recursive: true });
    }
  }
}

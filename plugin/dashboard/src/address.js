// Where the broker speaks MQTT over websockets, for a page that it has served or that comes from a file.

const isFromFile = (location) => !location.protocol.startsWith('http');
const schemeOf = (location) => (location.protocol === 'https:' ? 'wss' : 'ws');

/** What a person may type, as a URL; null: it is none. */
export function parseAddress(text, location = window.location) {
  const trimmed = text.trim();
  const whole = /^[a-z]+:\/\//i.test(trimmed) ? trimmed : `${schemeOf(location)}://${trimmed}`;
  try {
    const url = new URL(whole);
    const isRight = /^wss?:$/.test(url.protocol) && url.hostname && !url.username && !url.password && !url.hash;
    return isRight ? url.href : null;
  } catch {
    return null;
  }
}

// Mosquitto 2.0 serves files and MQTT on one port, by HTTP/1.0; 2.1's http_api knows the other listeners.
function isServedByWebsockets() {
  return performance.getEntriesByType('navigation')[0]?.nextHopProtocol === 'http/1.0';
}

async function askListeners() {
  try {
    const answer = await fetch('/api/v1/listeners', { signal: AbortSignal.timeout(5000) });
    return answer.ok ? (await answer.json()).listeners : null;
  } catch {
    return null;  // nobody's API: the page comes from elsewhere
  }
}

/** A URL, or '' where a person has to say it, or { title, text } for what is missing. */
export async function findAddress(location = window.location) {
  if (isFromFile(location)) return '';
  const scheme = schemeOf(location);
  const own = `${scheme}://${location.host}/mqtt`;
  const listeners = isServedByWebsockets() ? null : await askListeners();
  if (!Array.isArray(listeners)) return own;
  const ports = listeners.filter((one) => one.protocol === 'websockets' && one.port);
  const fitting = ports.find((one) => Boolean(one.tls) === (scheme === 'wss'));
  if (fitting) return `${scheme}://${location.hostname}:${fitting.port}/mqtt`;
  const [other] = ports;
  if (other?.tls) return `wss://${location.hostname}:${other.port}/mqtt`;
  return {
    title: 'The broker has no websockets listener' + (other ? ' with TLS' : ''),
    text: other
      ? 'This page came by https, and browsers let it speak to listeners with TLS only. Give the websockets listener '
        + 'a certfile and a keyfile, and restart Mosquitto.'
      : 'Pages cannot speak MQTT by other listeners. Add these lines to its configuration and restart it:',
    lines: other ? '' : 'listener 9001\nprotocol websockets',
  };
}

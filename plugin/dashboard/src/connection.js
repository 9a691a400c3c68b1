// One connection to the broker. Whoever wants another one after it makes another one: what was asked for here is
// never sent again by itself.
import mqtt from 'mqtt';

const randomId = () => `dashboard-${[...crypto.getRandomValues(new Uint8Array(6))]
  .map((byte) => byte.toString(16).padStart(2, '0')).join('')}`;

const reasons = {
  1: 'it does not speak this version of MQTT', 2: 'it does not like the client identifier', 3: 'it is not available',
  0x80: 'it gives no reason', 0x84: 'it does not speak MQTT 5', 0x85: 'it does not like the client identifier',
  0x88: 'it is not available', 0x89: 'it is busy', 0x8a: 'this client is banned', 0x97: 'a quota is exceeded',
  0x9f: 'connections come too fast',
};

const isRefused = (code) => [4, 5, 0x86, 0x87].includes(code);

/** `on`: up(client), down({ wasUp, isRefused, reason }); down comes once, last. */
export function connect({ url, user, password }, on) {
  let wasUp = false;
  let failure = null;
  let isOver = false;
  const client = mqtt.connect(url, {
    protocolVersion: 5, clean: true, clientId: randomId(), username: user || undefined, password: user ? password : undefined,
    keepalive: 120, connectTimeout: 10_000, reconnectPeriod: 0, timerVariant: 'native',
  });
  const end = () => {
    if (isOver) return;
    isOver = true;
    client.end(true);
    const code = failure?.code;
    on.down({ wasUp, isRefused: isRefused(code), reason: code ? reasons[code] ?? `reason code ${code}` : '' });
  };
  client.on('connect', () => {
    wasUp = true;
    on.up(client);
  });
  client.on('error', (error) => {
    failure ??= error;
  });
  client.on('close', end);
  return () => {
    isOver = true;
    client.end(true);
  };
}

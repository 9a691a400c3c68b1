// What is wrong, for a person: { title, text, lines }. Says what is known, and no more.
const who = (user) => (user ? `The user “${user}”` : 'Nobody without a user’s name');
const topic = '$CONTROL/shared-subscription/v1';
const metrics = '$SYS/broker/shared-subscriptions/#';

export const notAuthorised = (user) => ({
  title: 'Not authorised',
  text: `The broker does not let “${user}” in with this password.`,
});

export const refused = (address, reason) => ({
  title: 'The broker refuses the connection',
  text: `${address} answers that ${reason}. Trying again.`,
});

export const lost = (address) => ({
  title: 'Connection lost',
  text: `${address} does not answer. Trying again; what you see is what was known last.`,
});

export const noWebsockets = (address) => ({
  title: 'No websockets listener answers',
  text: `Nothing speaks MQTT over websockets at ${address}. Does the broker run, and does its configuration have a listener `
    + 'like this one? Trying again.',
  lines: 'listener 9001\nprotocol websockets',
});

/** `cause`: of the refusal of a request. */
export function readOnly(cause, user) {
  if (cause === 'denied') return `Read-only: ${user ? `“${user}”` : 'who has not logged in'} may not write to ${topic}.`;
  return `Read-only: nothing answers on ${topic}, as where plugin_opt_control is false. It is, unless said otherwise, `
    + 'where no access control is configured.';
}

export function nothing(cause, broker, user) {
  if (!broker) {
    return {
      title: 'Not authorised to see anything',
      text: cause === 'denied'
        ? `${who(user)} may neither write to ${topic} nor read ${metrics}. One of both is needed: ask for it, or log in `
          + 'as somebody else.'
        : `Nothing answers on ${topic}, and nothing comes from $SYS: ${who(user)} may not read it. Let it be read: `
          + `${metrics}`,
    };
  }
  return {
    title: 'The plugin shows nothing',
    text: `This is ${broker}, but nothing comes from ${metrics}`
      + (cause === 'denied'
        ? `, and ${topic} may not be written to. Either the plugin is not loaded, or metrics are off `
          + '(plugin_opt_sys_interval 0), or this user may not read them.'
        : `, and nothing answers on ${topic}. The plugin is not loaded for this listener, or metrics and control are both `
          + 'off. To load it, put this line before every other plugin line, and restart Mosquitto:'),
    lines: cause === 'denied' ? '' : 'plugin /usr/lib/x86_64-linux-gnu/mosquitto_shared_subscription.so',
  };
}

export function actionFailed(error) {
  switch (error.cause) {
    case 'denied':
      return `Not done: you may not write to ${topic} any more.`;
    case 'silent':
      return 'No answer: it may have been done or not. Look at what is shown.';
    case 'lost':
      return 'The connection was lost: it may have been done or not. Look at what is shown.';
    default:
      return `Not done: ${error.message}`;
  }
}

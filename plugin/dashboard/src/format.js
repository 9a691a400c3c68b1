// Numbers and names as people read them.
const numbers = new Intl.NumberFormat('en');

export const count = (value) => (value == null ? '–' : numbers.format(value));

export function rate(value) {
  if (value == null) return '–';
  if (value === 0) return '0';
  return value < 99.95 ? value.toFixed(1) : numbers.format(Math.round(value));
}

const units = [[86400, 'd'], [3600, 'h'], [60, 'min'], [1, 's']];

/** Seconds, as the largest unit that fits. */
export function age(seconds) {
  const [size, unit] = units.find(([least]) => seconds >= least) ?? units.at(-1);
  return `${numbers.format(Math.floor(Math.max(0, seconds) / size))} ${unit}`;
}

export const moment = (seconds) => new Date(seconds * 1000).toLocaleString();

// Characters that show nothing, or change the order of others: they could make a name look like another one.
const hidden = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\u115f\u1160\u3164\uffa0]/u;
const hiddenRun = /([\p{Cc}\p{Cf}\p{Zl}\p{Zp}\u115f\u1160\u3164\uffa0])/u;

const escape = (character) => `\\u{${character.codePointAt(0).toString(16)}}`;

/** What a client has written, in parts: { text, isHidden }. */
export function parts(value, longest) {
  const text = value.length > longest ? `${value.slice(0, longest)}…` : value;
  if (!hidden.test(text)) return [{ text, isHidden: false }];
  return text.split(hiddenRun).filter(Boolean)
    .map((part) => (hidden.test(part) ? { text: escape(part), isHidden: true } : { text: part, isHidden: false }));
}

/** The same as one string, for where no elements can be. */
export const plain = (value, longest = 1000) => parts(value, longest).map((part) => part.text).join('');

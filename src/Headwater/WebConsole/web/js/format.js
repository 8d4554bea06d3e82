import { language } from './texts.js';

const plain = new Intl.NumberFormat(language, { maximumFractionDigits: 0 });
const fine = new Intl.NumberFormat(language, { maximumFractionDigits: 1 });
const clock = new Intl.DateTimeFormat(language, { hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23' });
const date = new Intl.DateTimeFormat(language, { dateStyle: 'medium', timeStyle: 'medium' });

export const number = value => value === null || value === undefined ? '–' : Math.abs(value) < 10 && value % 1 ? fine.format(value) : plain.format(value);
export const rate = value => value === null || value === undefined ? '–' : `${number(value)}/s`;
export const percent = value => Number.isFinite(value) ? `${fine.format(100 * value)} %` : '–';
export const at = time => clock.format(typeof time === 'number' ? time : new Date(time));
export const atFull = time => date.format(new Date(time));

export const size = bytes => bytes < 1e6 ? `${fine.format(bytes / 1e3)} kB` : bytes < 1e9 ? `${fine.format(bytes / 1e6)} MB` : `${fine.format(bytes / 1e9)} GB`;

/** A time for people: 0.3 ms, 12 ms, 1.2 s, 3 min. */
export function span(seconds) {
  if (seconds === null || seconds === undefined || !Number.isFinite(seconds)) return '–';
  if (seconds === 0) return '0 ms';
  if (seconds < 1) return `${number(seconds * 1000)} ms`;
  if (seconds < 60) return `${fine.format(seconds)} s`;
  if (seconds < 7200) return `${plain.format(seconds / 60)} min`;
  if (seconds < 172800) return `${plain.format(seconds / 3600)} h`;
  return `${plain.format(seconds / 86400)} d`;
}

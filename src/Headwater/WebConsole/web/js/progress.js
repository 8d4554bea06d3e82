// How far long work has come, as a bar with its words. What is not known is not made up: then the bar says only that something goes on.

import { h } from './dom.js';
import { t } from './texts.js';
import { number, span, size } from './format.js';

/** share: 0 to 1, or null where nobody knows of how much. */
export const bar = (label, share, text) => h('div.progress',
  h('div.track', { role: 'progressbar', 'aria-label': label, 'aria-valuemin': '0', 'aria-valuemax': '100', 'aria-valuenow': share === null ? null : String(Math.floor(100 * share)), 'aria-valuetext': text || null, class: share === null ? 'unknown' : '' },
    h('i', { style: { width: share === null ? '30%' : `${(100 * share).toFixed(1)}%` } })),
  text && h('p.muted', text));

/** Work that somebody counts, as the server tells of it: done, of, unit, per_second, remaining_seconds. Null: it is not counted. */
export const work = (label, one) => bar(label, one ? share(one) : null, one ? words(one) : '');

// All is done when the work says so, and not because an estimate has been reached.
const share = one => one.of === undefined ? null : one.of > 0 && (one.is_estimate || one.done < one.of) ? Math.min(0.99, one.done / one.of) : 1;

function words(one) {
  const amount = value => one.unit === 'bytes' ? size(value) : number(value), unit = one.unit === 'bytes' ? '' : t(`work.${one.unit}`);
  const said = one.of === undefined ? t('work.done', { done: amount(one.done), unit }) : t(one.is_estimate ? 'work.about' : 'work.of', { done: amount(one.done), of: amount(one.of), unit });
  const pace = one.per_second === undefined ? '' : one.per_second > 0 ? t('work.pace', { pace: `${amount(one.per_second)}${unit && ` ${unit}`}` }) : one.done === one.of ? '' : t('work.still');
  return [said.trim(), pace, one.remaining_seconds > 0 ? t('work.left', { time: span(Math.max(1, Math.round(one.remaining_seconds))) }) : ''].filter(Boolean).join(', ');
}

// How far long work has come, as a bar with its words. What is not known is not made up: then the bar says only that something goes on.

import { h } from './dom.js';

/** share: 0 to 1, or null where nobody knows of how much. */
export const bar = (label, share, text) => h('div.progress',
  h('div.track', { role: 'progressbar', 'aria-label': label, 'aria-valuemin': '0', 'aria-valuemax': '100', 'aria-valuenow': share === null ? null : String(Math.round(100 * share)), 'aria-valuetext': text || null, class: share === null ? 'unknown' : '' },
    h('i', { style: { width: share === null ? '30%' : `${(100 * share).toFixed(1)}%` } })),
  text && h('p.muted', text));

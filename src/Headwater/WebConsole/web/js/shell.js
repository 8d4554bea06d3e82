// What stands around every page: name, state, promise, age of what is shown, the way to the pages, messages.

import { h } from './dom.js';
import { t } from './texts.js';
import { known, age, ask, connect } from './live.js';
import { span } from './format.js';
import { actionMenu } from './actions.js';

export const pages = ['cluster', 'reads', 'traffic', 'events', 'servers', 'explain', 'lab'];

const icons = {
  cluster: 'M5 4h14v5H5zM5 15h5v5H5zM14 15h5v5h-5zM12 9v3M7.500 15v-3h9v3',
  reads: 'M4 6c4 0 4 6 8 6s4-6 8-6M4 18c4 0 4-6 8-6s4 6 8 6',
  traffic: 'M3 17l5-6 4 3 4-8 5 6',
  events: 'M12 4v8l5 3M12 21a9 9 0 1 1 0-18 9 9 0 0 1 0 18z',
  servers: 'M4 5h16v6H4zM4 13h16v6H4zM8 8h.010M8 16h.010',
  lab: 'M10 3v6l-5.500 9.500a1.700 1.700 0 0 0 1.500 2.500h12a1.700 1.700 0 0 0 1.500-2.500L14 9V3M8.500 3h7M7.500 15h9',
  explain: 'M9.500 9a2.500 2.500 0 1 1 3.500 2.300c-.700.300-1 .900-1 1.700v.500M12 17h.010M12 21a9 9 0 1 1 0-18 9 9 0 0 1 0 18z',
};

export const icon = path => h('svg.icon', { viewBox: '0 0 24 24', 'aria-hidden': 'true' }, h('path', { d: path }));

export const severities = { critical: 'M12 8v5M12 16.500h.010M12 3l9.500 17h-19z', warning: 'M12 8v5M12 16.500h.010M12 3l9.500 17h-19z', info: 'M12 11v6M12 7.500h.010M12 21a9 9 0 1 1 0-18 9 9 0 0 1 0 18z', good: 'M4 12.500l5 5L20 6.500' };

/** A table that may be wider than the page: it can be moved with the keyboard too. */
export const wide = (label, table) => h('div.scroll', { tabindex: '0', role: 'region', 'aria-label': label }, table);

/** The gravest thing there is to say. */
function state(now) {
  if (!now) return ['muted', t('state.unknown')];
  if (now.attention.some(one => one.severity === 'critical') || !now.primary) return ['bad', t('state.critical')];
  if (now.attention.some(one => one.severity === 'warning')) return ['warn', t('state.attention')];
  return ['good', t('state.well')];
}

function promise(now) {
  const kept = now.promise.kept;
  const word = !now.control ? t('promise.none') : kept === true ? t('promise.kept') : kept === false ? t('promise.broken') : now.control.rpo;
  return h('span.pill', { class: kept === true ? 'good' : kept === false ? 'bad' : 'muted', title: now.promise.sentence }, word);
}

export function shell(route, content) {
  const { now, lost, me } = known;
  const old = age();
  const [kind, word] = state(now);
  const stale = now && (lost || old > 3);
  return h('div.frame', { class: stale ? 'stale' : '' },
    h('a.skip', { href: '#main', onclick: event => { event.preventDefault(); document.getElementById('main').focus(); } }, t('skip')),
    h('header.bar',
      h('a.brand', { href: '#/cluster' }, h('svg.drop', { viewBox: '0 0 32 32', 'aria-hidden': 'true' }, h('path.water', { d: 'M16 3c5 7 9 11 9 16a9 9 0 0 1-18 0c0-5 4-9 9-16z' }), h('path.wave', { d: 'M9 20c2.400-1.800 4.600-1.800 7 0s4.600 1.800 7 0' })),
        h('span', 'Headwater')),
      now && h('span.where', now.cluster),
      h('nav.pages', { 'aria-label': t('nav.label') }, pages.filter(page => page !== 'lab' || now?.lab).map(page => h('a', { key: page, href: `#/${page}`, title: t(`nav.${page}`), 'aria-current': route[0] === page ? 'page' : null }, icon(icons[page]), h('span', t(`nav.${page}`))))),
      h('div.standing',
        !stale && now && h('span.pill', { class: kind }, word),
        !stale && now && promise(now),
        h('span.age', { class: stale ? 'bad' : '', role: 'status' }, !now ? t('live.waiting') : stale ? t('live.lost', { age: span(Math.max(1, Math.round(old))) }) : h('span.pulse', { title: t('live.live') }, h('span.unseen', t('live.live')))),
        now && me?.role === 'operator' && actionMenu(),
        me?.logged_in && h('button.quiet', { type: 'button', onclick: logout }, t('logout', { name: me.name })))),
    now?.change && h('div.change', { role: 'status' }, h('strong', t(`change.${now.change.kind}`)), ' ', t('change.under_way', { from: now.change.from, to: now.change.to ?? '…', step: t(`step.${now.change.step}`) }), ' ', h('span', now.change.proof.at(-1))),
    h('main', { id: 'main', tabindex: '-1', key: `page-${route[0]}` }, content),
    h('footer', now ? `Headwater ${now.version}` : 'Headwater', now && !now.ready && ` · ${t('not_ready')}`));
}

async function logout() {
  await ask('/api/logout', { method: 'POST' });
  known.now = null;
  known.receivedAt = 0;
  await connect();
}

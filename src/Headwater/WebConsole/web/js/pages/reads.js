import { h } from '../dom.js';
import { t } from '../texts.js';
import '../texts/reads.js';
import { known, sum, columnsLike } from '../live.js';
import { number, percent } from '../format.js';
import { chart, charts } from '../chart.js';
import { wide } from '../shell.js';

// By who served it; the order in which they are shown.
const groups = {
  replica: ['stays_on_replica', 'least_busy_copy', 'only_copy', 'wanted_tag', 'wanted_tag_missing', 'unchanged_since'],
  kept: ['kept_result'],
  primary: ['needs_primary', 'strong', 'no_replica', 'catch_up_too_slow', 'waited_enough', 'no_sample_in_bound', 'stays_on_primary', 'asked_for_primary'],
};
const levels = ['eventual', 'bounded', 'monotonic', 'session', 'prefix', 'strong'];

export function draw() {
  const reads = count('reads'), replicas = count('replica_reads'), hits = count('cache_hits');
  const minutes = Math.max(1, Math.round(known.at.length / 60));
  return [
    h('h1', t('nav.reads')),
    h('p.lead', t('reads.lead', { minutes })),
    h('section.tiles',
      tile(t('reads.off_primary'), reads ? percent((replicas + hits) / reads) : '–', t('reads.off_primary_note', { count: number(replicas + hits), all: number(reads) })),
      tile(t('reads.floor_waits'), number(count('position_waits')), t('reads.floor_waits_note')),
      tile(t('reads.proofs'), number(count('reason.unchanged_since')), t('reads.proofs_note', { waits: number(count('log_waits')) })),
      tile(t('reads.cache'), count('cache_lookups') ? percent(hits / count('cache_lookups')) : '–', count('cache_lookups') ? t('reads.cache_note', { hits: number(hits), lookups: number(count('cache_lookups')) }) : t('reads.cache_off')),
      tile(t('reads.retries'), number(count('retries')), t('reads.retries_note'))),
    charts('reads', [
      chart('where', t('chart.where'), '/s', [['replica_reads', t('chart.on_replicas')], ['on_primary', t('chart.on_primary'), index => minus(index)], ['cache_hits', t('chart.from_cache')]]),
      chart('waits', t('chart.waits'), '/s', [['position_waits', t('chart.position_waits')], ['log_waits', t('chart.log_waits')], ['retries', t('chart.retries')]]),
    ]),
    h('section.columns.uneven', byLevel(), byReason()),
  ];
}

function minus(index) {
  const at = name => known.columns[name]?.[index];
  return at('reads') === null || at('reads') === undefined ? null : Math.max(0, at('reads') - (at('replica_reads') ?? 0) - (at('cache_hits') ?? 0));
}

const tile = (label, value, note) => h('div.tile', h('span.label', label), h('strong', value), h('span.note', note));

const bar = (share, kind) => h('span.share', { 'aria-hidden': 'true' }, h('i', { class: kind, style: { width: `${Math.max(0, Math.min(100, 100 * share)).toFixed(1)}%` } }));

/** Rates are kept by the second, so their sum is a count but for rounding. */
const count = name => Math.round(sum(name));

function byLevel() {
  const rows = levels.map(level => [level, count(`level.${level}.reads`), count(`level.${level}.replicas`)]).filter(([, count]) => count > 0);
  return h('div.card', h('h2', t('reads.by_level')), rows.length ? wide(t('reads.by_level'), h('table', h('thead', h('tr', h('th', t('reads.level')), h('th.right', t('reads.count')), h('th', t('reads.off_primary')))),
    h('tbody', rows.map(([level, reads, off]) => h('tr', { key: level }, h('th', { scope: 'row', title: t(`level.${level}`) }, level, h('span.note', t(`level.${level}`))), h('td.right', number(reads)), h('td', bar(off / reads, 'replica'), percent(off / reads))))))) : h('p.muted', t('reads.nothing')));
}

function byReason() {
  const all = columnsLike('reason.').reduce((total, name) => total + sum(name), 0);
  const rows = Object.entries(groups).flatMap(([group, reasons]) => reasons.map(reason => [group, reason, count(`reason.${reason}`)])).filter(([, , count]) => count > 0).sort((a, b) => b[2] - a[2]);
  return h('div.card', h('h2', t('reads.by_reason')), rows.length ? wide(t('reads.by_reason'), h('table.reasons', h('thead', h('tr', h('th', t('reads.why')), h('th', t('reads.served_by')), h('th.right', t('reads.count')), h('th', t('reads.share')))),
    h('tbody', rows.map(([group, reason, times]) => h('tr', { key: reason }, h('th', { scope: 'row' }, t(`reason.${reason}`), h('code.note', reason)), h('td', h('span.tag', { class: group }, t(`served.${group}`))), h('td.right', number(times)), h('td', bar(times / all, group), percent(times / all))))))) : h('p.muted', t('reads.nothing')));
}

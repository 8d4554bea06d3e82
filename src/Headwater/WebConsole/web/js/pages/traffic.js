import { h } from '../dom.js';
import { t } from '../texts.js';
import '../texts/traffic.js';
import { known, ask } from '../live.js';
import { number, percent, span, at } from '../format.js';
import { chart, charts } from '../chart.js';
import { wide } from '../shell.js';

let digests = null, timer = null, order = 'total_milliseconds', since = new Map();

export function enter(route, soon) {
  clearInterval(timer);
  const look = async () => {
    if (!location.hash.startsWith('#/traffic')) { clearInterval(timer); return; }
    try {
      const { status, body } = await ask('/api/digests');
      if (status !== 200) return;
      digests = body;
      for (const one of body) { const seen = since.get(one.digest) ?? []; seen.push([Date.now(), one.count, one.total_milliseconds]); since.set(one.digest, seen.slice(-60)); }
      soon();
    } catch { /* said by the age of the page */ }
  };
  look();
  timer = setInterval(look, 3000);
}

export function draw(route, soon) {
  if (route[1] === 'digest' && route[2]) return digestPage(route[2]);
  const now = known.now;
  return [
    h('h1', t('nav.traffic')),
    charts('traffic', [
      chart('throughput', t('chart.throughput'), '/s', [['reads', t('chart.reads')], ['writes', t('chart.writes')], ['errors', t('chart.errors')]]),
      chart('read_latency', t('chart.read_latency'), 'ms', [['read_p50', 'p50'], ['read_p95', 'p95'], ['read_p99', 'p99']]),
      chart('write_latency', t('chart.write_latency'), 'ms', [['write_p50', 'p50'], ['write_p95', 'p95'], ['write_p99', 'p99']]),
      chart('sessions', t('chart.sessions'), '', [['sessions', t('chart.sessions_open')], ['queued_total', t('chart.queued')], ['write_holds', t('chart.write_holds')]]),
    ]),
    h('section.columns', held(now), queue(now)),
    slow(now),
    table(soon),
  ];
}

function held(now) {
  return h('div.card', h('h2', t('traffic.held')), h('p.muted', t('traffic.held_note', { holding: number(now.gateway.holding), sessions: number(now.gateway.sessions) })),
    now.gateway.held.length > 0 && wide(t('traffic.held'), h('table', h('thead', h('tr', h('th', t('traffic.session')), h('th', t('traffic.on')), h('th.right', t('traffic.for')), h('th', t('traffic.because')))),
      h('tbody', now.gateway.held.map(one => h('tr', { key: one.id }, h('th', { scope: 'row' }, `${one.id} ${one.user}`, h('span.note', `${one.host}${one.schema ? ` · ${one.schema}` : ''}`)), h('td', one.held_on), h('td.right', span(one.held_for_milliseconds / 1000)), h('td', one.held_because, one.statement && h('code.note', one.statement))))))));
}

function queue(now) {
  return h('div.card', h('h2', t('traffic.servers')), wide(t('traffic.servers'), h('table', h('thead', h('tr', h('th', t('traffic.server')), h('th.right', t('traffic.rate')), h('th.right', t('traffic.busy')), h('th.right', t('traffic.backends')), h('th.right', t('traffic.queued')))),
    h('tbody', now.servers.map(one => h('tr', { key: one.name }, h('th', { scope: 'row' }, h('a', { href: `#/servers/${encodeURIComponent(one.name)}` }, one.name)), h('td.right', number(one.statements_per_second)), h('td.right', number(one.busy)), h('td.right', number(one.backends)), h('td.right', { class: one.queued ? 'warn' : '' }, number(one.queued))))))));
}

function slow(now) {
  return h('section.card', h('h2', t('traffic.slow')), now.gateway.slow.length ? wide(t('traffic.slow'), h('table', h('thead', h('tr', h('th', t('traffic.when')), h('th.right', t('traffic.took')), h('th', t('traffic.server')), h('th', t('traffic.user')), h('th', t('traffic.digest')))),
    h('tbody', now.gateway.slow.map(one => h('tr', { key: `${one.at}${one.session}` }, h('td', at(one.at)), h('td.right.warn', span(one.milliseconds / 1000)), h('td', one.server), h('td', one.user), h('td', link(one.digest))))))) : h('p.muted', t('traffic.no_slow')));
}

const link = digest => h('a.digest', { href: `#/traffic/digest/${encodeURIComponent(digest)}` }, digest);

const columns = [['count', one => number(one.count)], ['total_milliseconds', one => span(one.total_milliseconds / 1000)], ['mean_microseconds', one => span(one.mean_microseconds / 1e6)], ['max_microseconds', one => span(one.max_microseconds / 1e6)], ['errors', one => number(one.errors)], ['on_replicas', one => percent(one.on_replicas / one.count)]];

function table(soon) {
  const sorted = [...digests ?? []].sort((a, b) => b[order] - a[order]).slice(0, 60);
  return h('section.card', h('h2', t('traffic.digests')), h('p.muted', t('traffic.digests_note')),
    wide(t('traffic.digests'), h('table.digests', h('thead', h('tr', h('th', t('traffic.digest')), columns.map(([name]) => h('th.right', { 'aria-sort': order === name ? 'descending' : null }, h('button.sort', { type: 'button', onclick: () => { order = name; soon(); } }, t(`digest.${name}`)))))),
      h('tbody', sorted.map(one => h('tr', { key: one.digest }, h('th', { scope: 'row' }, link(one.digest)), columns.map(([name, show]) => h('td.right', { class: name === 'errors' && one.errors ? 'warn' : '' }, show(one)))))))));
}

function digestPage(digest) {
  const one = digests?.find(other => other.digest === digest);
  const seen = since.get(digest) ?? [];
  const first = seen[0], latest = seen.at(-1);
  const rate = seen.length > 1 && latest[0] > first[0] ? (latest[1] - first[1]) / ((latest[0] - first[0]) / 1000) : null;
  return [
    h('p', h('a', { href: '#/traffic' }, `← ${t('nav.traffic')}`)),
    h('h1.statement', digest),
    !one ? h('p.muted', digests ? t('digest.unknown') : t('live.waiting')) : [
      h('section.tiles', columns.map(([name, show]) => h('div.tile', h('span.label', t(`digest.${name}`)), h('strong', show(one)))),
        h('div.tile', h('span.label', t('digest.rate')), h('strong', rate === null ? '–' : `${number(rate)}/s`), h('span.note', t('digest.rate_note'))),
        h('div.tile', h('span.label', t('digest.rows')), h('strong', number(one.rows)), h('span.note', t('digest.rows_note', { mean: number(one.rows / one.count) })))),
      h('section.card', h('h2', t('digest.why')), h('p', one.reason), h('p', h('a', { href: `#/explain/${encodeURIComponent(digest)}` }, t('digest.explain')))),
    ],
  ];
}

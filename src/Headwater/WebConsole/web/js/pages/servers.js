import { h } from '../dom.js';
import { t } from '../texts.js';
import '../texts/servers.js';
import { known, ask } from '../live.js';
import { number, rate, span } from '../format.js';
import { chart, charts } from '../chart.js';
import { propose, serverMenu } from '../actions.js';
import { work } from '../progress.js';
import { wide } from '../shell.js';
import { lagText } from './cluster.js';

let verified = null, asked = '';

export function enter(route, soon) { ask('/api/verify').then(({ status, body }) => { if (status === 200) { verified = body; soon(); } }).catch(() => {}); }

export function draw(route, soon) {
  const now = known.now;
  const state = now.verify ? `${now.verify.runs} ${now.verify.since}` : '';
  if (state !== asked) { asked = state; if (now.verify && !now.verify.runs) enter(route, soon); }
  const server = now.servers.find(one => one.name === route[1]);
  return server ? one(server, now) : [h('h1', t('nav.servers')), route[1] && h('p.muted', t('server.unknown', { server: route[1] })), list(now), audit(now), verify(now), log(now)];
}

const operator = () => known.me?.role === 'operator' && known.now.control;

function list(now) {
  return h('section.card', wide(t('nav.servers'), h('table', h('thead', h('tr', h('th', t('traffic.server')), h('th', t('server.role')), h('th', t('server.lag')), h('th', t('server.follows')), h('th', t('server.acknowledges')), h('th', t('server.reason')))),
    h('tbody', now.servers.map(server => h('tr', { key: server.name }, h('th', { scope: 'row' }, h('span.dot', { class: dot(server) }), h('a', { href: `#/servers/${encodeURIComponent(server.name)}` }, server.name), h('span.note', server.address)), h('td', t(`role.${server.role}`)), h('td', lagText(server) ?? '–'), h('td', server.source ?? '–'), h('td', sync(server.semi_sync)), h('td', server.reason)))))));
}

const dot = server => server.health === 'up' ? 'good' : server.health === 'down' ? 'bad' : server.health === 'draining' ? 'warn' : 'muted';

const sync = one => !one ? '–' : one.waits ? t(one.waiting ? 'sync.waits' : 'sync.gave_up', { count: one.acknowledgers }) : one.acknowledges ? t(one.acknowledging ? 'sync.acknowledges' : 'sync.would') : t('sync.none');

function facts(rows) { return h('dl.facts', rows.filter(([, value]) => value !== null && value !== undefined && value !== '').map(([name, value]) => [h('dt', name), h('dd', value)])); }

function one(server, now) {
  return [
    h('p', h('a', { href: '#/servers' }, `← ${t('nav.servers')}`)),
    h('div.head', h('h1', h('span.dot', { class: dot(server) }), server.name), h('span.role', t(`role.${server.role}`)), operator() && serverMenu(server, now)),
    h('p.lead', { class: dot(server) === 'good' ? '' : dot(server) }, server.reason),
    now.attention.filter(one => one.server === server.name).map(one => h('p.said', { class: one.severity }, one.sentence, one.mend && h('span.mend', t('attention.mend'), ' ', h('code', one.mend)), one.progress && work(one.sentence, one.progress))),
    h('section.columns',
      h('div.card', h('h2', t('server.state')), facts([
        [t('server.address'), server.address], [t('server.version'), server.version], [t('server.uptime'), server.uptime_seconds === undefined ? null : span(server.uptime_seconds)],
        [t('server.heard'), server.silent_seconds === undefined ? t('server.never') : t('server.ago', { age: span(server.silent_seconds) })],
        [t('server.writable'), server.read_only === undefined ? null : t(server.read_only ? 'server.read_only' : 'server.can_write')],
        [t('server.position'), h('code', server.position)], [t('server.lag'), lagText(server)],
        [t('server.acknowledges'), sync(server.semi_sync)], [t('server.waiting_commits'), server.semi_sync?.waiting_commits ? number(server.semi_sync.waiting_commits) : null],
        [t('server.tags'), server.tags.join(', ')], [t('server.zone'), server.zone], [t('server.weight'), number(server.weight)], [t('server.care'), server.in_maintenance ? t('server.maintenance') : null],
      ])),
      h('div.card', h('h2', t('server.replication')), server.links.length ? server.links.map(link => facts([
        [t('server.follows'), link.from ? `${link.from} (${link.source})` : link.source], [t('server.receiving'), t(`link.${link.receiving}`)], [t('server.applying'), t(link.applying ? 'link.running' : 'link.stopped')],
        [t('server.received'), h('code', link.received)], [t('server.delay'), link.delay_seconds ? span(link.delay_seconds) : null], [t('server.error'), link.error ? h('strong.bad', link.error) : null],
      ])) : h('p.muted', t('server.no_links'))),
      h('div.card', h('h2', t('server.traffic')), facts([[t('traffic.rate'), rate(server.statements_per_second)], [t('chart.reads'), rate(server.reads_per_second)], [t('server.applies'), rate(server.transactions_per_second)], [t('traffic.busy'), number(server.busy)], [t('traffic.backends'), number(server.backends)], [t('traffic.queued'), number(server.queued)]]))),
    charts(`server-${server.name}`, [
      chart('statements', t('chart.server_statements'), '/s', [[`server.${server.name}.statements`, t('chart.statements')], [`server.${server.name}.transactions`, t('chart.transactions')]]),
      server.role === 'replica' && chart('lag', t('chart.lag'), 'ms', [[`server.${server.name}.lag`, server.name]]),
    ].filter(Boolean)),
    audit(now, server.name),
  ];
}

function audit(now, only) {
  const found = now.promise.broken.filter(one => !only || one.server === only);
  return h('section.card', { 'aria-labelledby': 'audit-title' }, h('div.head', h('h2', { id: 'audit-title' }, t('audit.title')), now.promise.audited_seconds_ago !== undefined && h('span.muted', t('audit.age', { age: span(Math.round(now.promise.audited_seconds_ago)) })),
    operator() && found.some(one => one.mend) && h('button', { type: 'button', onclick: () => propose('audit_apply', null, now.cluster) }, t('audit.mend'))),
    h('p', { class: now.promise.kept === false ? 'bad' : now.promise.kept ? 'good' : 'muted' }, now.promise.sentence),
    found.length > 0 && wide(t('audit.title'), h('table', h('thead', h('tr', h('th', t('audit.weight')), h('th', t('traffic.server')), h('th', t('audit.setting')), h('th', t('audit.found')), h('th', t('audit.mends')))),
      h('tbody', found.map(one => h('tr', { key: `${one.server}${one.setting}` }, h('td', h('span.tag', { class: one.weight }, t(`audit.${one.weight}`))), h('td', one.server), h('th', { scope: 'row' }, h('code', one.setting)), h('td', one.sentence), h('td', one.mend ? h('code', one.mend) : '–')))))));
}

/** The copy of the log that is kept here, and whoever is handed it on. */
function log(now) {
  return now.feed && h('section.card', { 'aria-labelledby': 'log-title' }, h('h2', { id: 'log-title' }, t('log.title')),
    h('p', { class: now.feed.following ? 'muted' : 'warn' }, now.feed.sentence), facts([[t('log.from'), now.feed.begin && h('code', now.feed.begin)], [t('log.until'), h('code', now.feed.end)]]),
    now.feed.sinks.length > 0 && wide(t('log.sinks'), h('table', h('thead', h('tr', h('th', t('log.sinks')), h('th', t('server.position')), h('th', t('server.lag')), h('th.right', t('log.sent')), h('th', t('server.reason')))),
      h('tbody', now.feed.sinks.map(sink => h('tr', { key: sink.name }, h('th', { scope: 'row' }, h('span.dot', { class: sink.runs ? 'good' : 'bad' }), sink.name, h('span.note', sink.kind)), h('td', h('code', sink.position ?? '–')), h('td', sink.lag_transactions ? `${span(sink.lag_seconds)} · ${t('lag.transactions', { count: number(sink.lag_transactions) })}` : t('lag.none')), h('td.right', number(sink.sent)), h('td', sink.sentence)))))));
}

function verify(now) {
  const last = verified?.report;
  return h('section.card', { 'aria-labelledby': 'verify-title' }, h('div.head', h('h2', { id: 'verify-title' }, t('verify.title')), operator() && h('button', { type: 'button', disabled: now.verify?.runs ? true : null, onclick: () => propose('verify', null) }, t('verify.begin'))),
    h('p.muted', t('verify.say')), now.verify && (now.verify.runs ? h('div', { key: 'runs' }, h('p', `${now.verify.sentence}.`), work(t('verify.title'), now.verify.progress ?? null)) : h('p', { role: 'status' }, now.verify.sentence)),
    last && wide(t('verify.table'), h('table', h('thead', h('tr', h('th', t('verify.table')), h('th.right', t('verify.rows')), h('th', t('verify.outcome')))), h('tbody', last.tables.map(table => h('tr', { key: table.table }, h('th', { scope: 'row' }, h('code', table.table)), h('td.right', number(table.rows)), h('td', { class: table.equal ? 'good' : 'bad' }, table.skipped ?? (table.equal ? t('verify.equal') : table.copies.filter(copy => !copy.equal).map(copy => t('verify.differs', { server: copy.replica, missing: copy.missing, extra: copy.extra, changed: copy.changed })).join('; ')))))))));
}

import { h } from '../dom.js';
import { t } from '../texts.js';
import { known, last } from '../live.js';
import { number, rate, percent, span } from '../format.js';
import { layout, card } from '../topology.js';
import { icon, severities } from '../shell.js';
import { serverMenu, propose } from '../actions.js';
import { chart, charts } from '../chart.js';
import { work } from '../progress.js';

let width = 0, redraw = () => {}, dragged = null, over = null;

const watcher = new ResizeObserver(([entry]) => {
  const next = Math.floor(entry.contentRect.width);
  if (next !== width) { width = next; redraw(); }
});

export function draw(route, soon) {
  redraw = soon;
  const now = known.now;
  return [
    h('h1.unseen', t('nav.cluster')),
    attention(now),
    figures(now),
    h('section', { 'aria-labelledby': 'map-title' },
      h('div.head', h('h2', { id: 'map-title' }, t('cluster.map')), h('span.muted', now.primary ? t('cluster.epoch', { primary: now.primary, epoch: now.epoch }) : now.reason)),
      map(now)),
    charts('cluster', [
      chart('throughput', t('chart.throughput'), '/s', [['reads', t('chart.reads')], ['writes', t('chart.writes')], ['errors', t('chart.errors')]]),
      chart('lag', t('chart.lag'), 'ms', now.servers.filter(server => server.role === 'replica').map(server => [`server.${server.name}.lag`, server.name])),
    ]),
  ];
}

function attention(now) {
  if (!now.attention.length)
    return h('section.attention.well', { 'aria-label': t('attention.title') }, icon(severities.good), h('p', t('attention.none')));
  return h('section.attention', { 'aria-labelledby': 'attention-title' },
    h('h2.unseen', { id: 'attention-title' }, t('attention.title')),
    h('ul', now.attention.map(one => h('li', { class: one.severity, key: `${one.kind} ${one.server} ${one.kind === 'setting' ? one.sentence : ''}` },
      icon(severities[one.severity]),
      h('div', h('span.unseen', `${t(`severity.${one.severity}`)}: `), one.sentence,
        one.mend && h('span.mend', t('attention.mend'), ' ', h('code', one.mend)),
        one.progress && work(one.sentence, one.progress)),
      one.server && h('a', { href: `#/servers/${encodeURIComponent(one.server)}` }, t('attention.look', { server: one.server }))))));
}

function tile(label, value, column, note, kind) {
  return h('div.tile', { class: kind ?? '' }, h('span.label', label), h('strong', value), note && h('span.note', note), spark(last(column)));
}

/** The last minute as a line; the figure beside it says what it says. */
function spark(values) {
  const points = values.map((value, index) => [index, value]).filter(([, value]) => value !== null);
  if (points.length < 2) return h('svg.spark', { viewBox: '0 0 120 28', 'aria-hidden': 'true' });
  const top = Math.max(1e-9, ...points.map(([, value]) => value));
  const line = points.map(([x, value]) => `${(120 * x / 59).toFixed(1)} ${(26 - 24 * value / top).toFixed(1)}`).join('L');
  return h('svg.spark', { viewBox: '0 0 120 28', preserveAspectRatio: 'none', 'aria-hidden': 'true' }, h('path.area', { d: `M${line}L${(120 * points.at(-1)[0] / 59).toFixed(1)} 28L${(120 * points[0][0] / 59).toFixed(1)} 28Z` }), h('path.line', { d: `M${line}` }));
}

const mean = (name, seconds = 10) => { const values = last(name, seconds).filter(value => value !== null); return values.length ? values.reduce((a, b) => a + b, 0) / values.length : null; };

function figures(now) {
  const reads = mean('reads'), replicas = mean('replica_reads'), slow = mean('read_p99');
  return h('section.tiles', { 'aria-label': t('cluster.figures') },
    tile(t('tile.statements'), rate(mean('statements')), 'statements', t('tile.split', { reads: number(reads), writes: number(mean('writes')) })),
    tile(t('tile.off_primary'), reads ? percent(replicas / reads) : '–', 'replica_reads', t('tile.off_primary_note')),
    tile(t('tile.p99'), slow === null ? '–' : span(slow / 1000), 'read_p99', t('tile.p99_note', { write: mean('write_p99') === null ? '–' : span(mean('write_p99') / 1000) })),
    tile(t('tile.sessions'), number(now.gateway.sessions), 'sessions', t('tile.holding', { holding: number(now.gateway.holding) })),
    h('div.tile.promise', { class: now.promise.kept === true ? 'good' : now.promise.kept === false ? 'bad' : '' }, h('span.label', t('tile.promise')), h('strong', now.control ? `rpo ${now.control.rpo}` : t('promise.none')), h('span.note', now.promise.kept === true && now.control?.rpo === 'zero' ? t('promise.kept_say') : now.promise.sentence)));
}

function map(now) {
  const room = width || Math.min(innerWidth - 40, 1180);
  const { places, lines, height, narrow } = layout(now.servers, now.primary, now.ring, room);
  const byName = new Map(now.servers.map(server => [server.name, server]));
  return h('div.map', { class: narrow ? 'narrow' : '', style: { height: `${height + 8}px` }, key: 'map' },
    h('svg.flows', { width: room, height: height + 8, 'aria-hidden': 'true', viewBox: `0 0 ${room} ${height + 8}` }, lines.map(line => flow(line, byName.get(line.to)))),
    now.servers.map(server => place(server, places.get(server.name), now)),
    h('span.ruler', { key: 'ruler', mount: element => watcher.observe(element.parentElement) }));
}

function flow(line, server) {
  const link = server.links.find(one => one.from === line.from) ?? server.links[0];
  const broken = !link || link.error || !link.applying || link.receiving === 'stopped';
  const state = broken ? 'broken' : link.receiving === 'connecting' ? 'waiting' : server.lag_seconds > 1 || server.lag_transactions > 1000 ? 'behind' : 'running';
  const busy = server.transactions_per_second > 0.2;
  const width = 2 + Math.min(6, Math.log10(1 + server.transactions_per_second) * 2);
  return h('g', { key: `${line.from}>${line.to}`, class: `flow ${state}` },
    h('path.bed', { d: line.path, 'stroke-width': (width + 3).toFixed(1) }),
    h('path.stream', { d: line.path, 'stroke-width': width.toFixed(1) }),
    busy && state !== 'broken' && h('path.ripple', { d: line.path, 'stroke-width': Math.max(1, width - 2).toFixed(1) }),
    h('text', { x: line.labelX, y: line.labelY, 'text-anchor': line.anchor }, broken ? t('link.broken') : state === 'waiting' ? t('link.connecting') : `${number(server.transactions_per_second)} tx/s`));
}

export function lagText(server) {
  if (server.role !== 'replica') return null;
  if (server.lag_seconds === undefined && server.lag_transactions === undefined) return t('lag.unknown');
  if (server.lag_transactions === 0 || !server.lag_transactions && !(server.lag_seconds > 0)) return t('lag.none');
  return [server.lag_seconds !== undefined && span(server.lag_seconds), server.lag_transactions !== undefined && t('lag.transactions', { count: number(server.lag_transactions) })].filter(Boolean).join(' · ');
}

/** Of the reads of the last second. */
function share(server, now) {
  const all = now.servers.reduce((sum, one) => sum + one.reads_per_second, 0);
  return all > 0 ? server.reads_per_second / all : 0;
}

function place(server, at, now) {
  const operator = known.me?.role === 'operator' && now.control;
  const draggable = operator && server.role === 'replica' && server.health !== 'down' && now.primary && !server.tags.includes('witness');
  const target = server.name === now.primary;
  const health = server.health === 'up' ? 'good' : server.health === 'down' ? 'bad' : server.health === 'draining' ? 'warn' : 'muted';
  return h('article.server', {
    key: server.name, class: [server.role, health, over === server.name && dragged ? 'target' : '', dragged === server.name ? 'dragged' : ''].join(' '), draggable: draggable ? 'true' : null,
    'aria-label': `${server.name}, ${t(`role.${server.role}`)}, ${t(`health.${server.health}`)}`, 'data-server': server.name,
    style: { left: `${at.x}px`, top: `${at.y}px`, width: `${at.width}px`, height: `${card.height}px` },
    ondragstart: event => { dragged = server.name; event.dataTransfer.setData('text/plain', server.name); event.dataTransfer.effectAllowed = 'move'; redraw(); },
    ondragend: () => { dragged = over = null; redraw(); },
    ondragover: event => { if (target && dragged) { event.preventDefault(); if (over !== server.name) { over = server.name; redraw(); } } },
    ondragleave: () => { if (over) { over = null; redraw(); } },
    ondrop: event => { if (!target || !dragged) return; event.preventDefault(); const name = dragged; dragged = over = null; propose('switchover', name); redraw(); },
  },
  h('header', h('span.dot', { class: health }), h('a.name', { href: `#/servers/${encodeURIComponent(server.name)}` }, server.name), h('span.role', server.tags.includes('witness') ? t('role.witness') : t(`role.${server.role}`)), operator && serverMenu(server, now)),
  h('p.figures',
    h('span', { title: t('server.statements_note') }, `${number(server.statements_per_second)} ${t('unit.statements')}`),
    server.role === 'replica' ? h('span', { class: server.lag_seconds > 1 ? 'warn' : '', title: t('server.lag_note') }, lagText(server)) : h('span', `${number(server.transactions_per_second)} tx/s`)),
  h('p.taken', { title: t('server.share_note') }, h('span.share', { 'aria-hidden': 'true' }, h('i', { class: server.role, style: { width: `${Math.round(100 * share(server, now))}%` } })), t('server.share', { share: percent(share(server, now)) })),
  h('p.position', { title: t('server.position_note') }, server.position || '–'),
  h('p.reason', { class: health === 'good' ? '' : health },
    server.in_maintenance && h('span.pill.muted', t('server.maintenance')), server.tags.filter(tag => tag !== 'witness').map(tag => h('span.pill.muted', tag)),
    server.silent_seconds > 2 && server.health !== 'down' ? t('server.silent', { age: span(server.silent_seconds) }) : server.reason),
  dragged && target && h('p.drop', t('drag.here', { server: dragged })));
}

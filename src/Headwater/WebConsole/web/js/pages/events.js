import { h } from '../dom.js';
import { t } from '../texts.js';
import '../texts/events.js';
import { known, ask } from '../live.js';
import { wide } from '../shell.js';
import { span, at, atFull, number } from '../format.js';

let events = null, quarantine = null, seen = -1, asking = false, kind = 'all';

export function enter(route, soon) { seen = -1; ask('/api/quarantine').then(({ status, body }) => { if (status === 200) { quarantine = body; soon(); } }).catch(() => {}); }

async function look(soon) {
  if (asking || seen === known.now.events) return;
  asking = true;
  const asked = known.now.events;
  try {
    const { status, body } = await ask('/api/history');
    if (status === 200) [events, seen] = [body, asked];
  } catch { /* said by the age of the page */ }
  asking = false;
  soon();
}

export function draw(route, soon) {
  look(soon);
  return [
    h('h1', t('nav.events')),
    events?.trouble && h('p.muted', events.trouble),
    h('section', { 'aria-labelledby': 'changes-title' }, h('h2', { id: 'changes-title' }, t('events.changes')), h('p.muted', t('events.changes_note')),
      events && (events.changes.length ? events.changes.map((one, index) => story(one, index === 0)) : h('p.card.muted', t('events.no_changes')))),
    alerts(),
    journal(soon),
    views(),
    recovered(),
  ];
}

/** One change of primary: a bar whose parts are as long as its steps, and under it why each was taken. */
export function story(one, open) {
  const total = one.seconds ?? one.steps.reduce((all, step) => all + (step.seconds ?? 0), 0);
  const offset = when => (new Date(when) - new Date(one.began)) / 1000;
  return h('article.story.card', { key: one.began, class: one.outcome },
    h('header', h('h3', t(`story.${one.kind}.${one.outcome}`, { from: one.from, to: one.to ?? '…' })),
      h('span.muted', h('time', { datetime: one.began }, atFull(one.began)), ` · ${t('story.epoch', { epoch: one.epoch })}`),
      h('strong.took', one.seconds === undefined ? t('story.running') : t(one.kind === 'failover' ? 'story.outage' : 'story.handover', { time: span(one.seconds) }))),
    h('div.lane', { 'aria-hidden': 'true' }, one.steps.map(step => h('span', { class: `step ${step.step}`, key: step.step, style: { 'flex-grow': String(Math.round(100 * Math.max(step.seconds ?? 0.05, total * 0.08) / (total || 1))) }, title: step.reason }, h('b', t(`step.${step.step}`)), h('i', step.seconds === undefined ? '…' : span(step.seconds))))),
    h('details', { open: open ? true : null }, h('summary', t('story.why')),
      h('ol.steps', one.steps.map(step => h('li', { key: step.step, class: step.step }, h('span.offset', `+${span(offset(step.at))}`), h('b', t(`step.${step.step}`)), h('span.duration', step.seconds === undefined ? '' : span(step.seconds)),
        h('p', step.reason),
        h('ul.effects', one.effects.filter(effect => effect.at >= step.at && (step.seconds === undefined || new Date(effect.at) - new Date(step.at) < step.seconds * 1000 || step === one.steps.at(-1))).map(effect => h('li', { class: effect.failed ? 'bad' : '' }, h('span.offset', `+${span(offset(effect.at))}`), h('code', effect.what), ' ', h('b', effect.server), ' ', effect.failed ? effect.sentence : '')))))),
      one.sentence && h('p.muted', one.sentence)));
}

/** What was amiss by the rules, from when to when, and who was told. */
function alerts() {
  const shown = events?.alerts ?? [];
  const lasted = one => ((one.ended ? Date.parse(one.ended) : known.now.at) - Date.parse(one.began)) / 1000;
  return h('section.card', { 'aria-labelledby': 'alerts-title' }, h('h2', { id: 'alerts-title' }, t('alerts.title')), h('p.muted', t('alerts.say')),
    shown.length ? wide(t('alerts.title'), h('table.alerts', h('thead', h('tr', h('th', t('alerts.rule')), h('th', t('alerts.began')), h('th.right', t('alerts.lasted')), h('th', t('alerts.what')), h('th', t('alerts.done')))),
      h('tbody', shown.map(one => h('tr', { key: `${one.rule}${one.subject ?? ''}${one.began}` }, h('th', { scope: 'row' }, h('span.dot', { class: one.ended ? 'good' : one.severity === 'critical' ? 'bad' : 'warn' }), one.rule), h('td', h('time', { datetime: one.began, title: atFull(one.began) }, at(one.began))), h('td.right', span(Math.max(0, lasted(one))), h('span.note', t(one.ended ? 'alerts.over' : 'alerts.standing'))), h('td', one.sentence), h('td', t(`alerts.told.${one.told}`))))))) : h('p.muted', t('alerts.none')));
}

const kinds = { all: () => true, findings: one => one.kind === 'finding', effects: one => one.kind === 'effect' || one.kind === 'failed', operators: one => one.rule === 'operator' || one.kind === 'operator', recovery: one => one.kind === 'recovery' || one.kind === 'rebuild' };

function journal(soon) {
  const shown = events?.entries.filter(kinds[kind]).slice(0, 150) ?? [];
  return h('section.card', { 'aria-labelledby': 'journal-title' }, h('div.head', h('h2', { id: 'journal-title' }, t('events.journal')),
    h('div.choice', { role: 'group', 'aria-label': t('events.filter') }, Object.keys(kinds).map(name => h('button', { type: 'button', 'aria-pressed': String(kind === name), onclick: () => { kind = name; soon(); } }, t(`events.${name}`))))),
    shown.length ? h('ol.journal', { tabindex: '0', 'aria-label': t('events.journal') }, shown.map(one => h('li', { key: `${one.at}${one.sentence}`, class: one.kind }, h('time', { datetime: one.at, title: atFull(one.at) }, at(one.at)), h('span.tag', one.rule), one.server && h('a', { href: `#/servers/${encodeURIComponent(one.server)}` }, one.server), h('p', one.kind === 'recovery' ? one.sentence.split('; ').flatMap(line => [line, h('br')]) : one.sentence)))) : h('p.muted', t('events.nothing')));
}

const views = () => h('details.card', h('summary', h('h2', t('events.views'))), h('p.muted', t('events.views_note')),
  h('ol.journal', { tabindex: '0', 'aria-label': t('events.views') }, (events?.views ?? []).slice(0, 100).map(one => h('li', { key: one.version }, h('time', { datetime: one.at, title: atFull(one.at) }, at(one.at)), h('span.tag', t('story.epoch', { epoch: one.epoch })), h('p', one.sentences.flatMap(line => [line, h('br')]))))));

function recovered() {
  return h('section.card', { 'aria-labelledby': 'quarantine-title' }, h('h2', { id: 'quarantine-title' }, t('quarantine.title')), h('p.muted', t('quarantine.say'), ' ', quarantine?.sentence),
    quarantine?.recovered.length > 0 && wide(t('quarantine.title'), h('table', h('thead', h('tr', h('th', t('traffic.server')), h('th', t('quarantine.outcome')), h('th.right', t('quarantine.transactions')), h('th.right', t('quarantine.rows')), h('th', t('quarantine.last')))), h('tbody', quarantine.recovered.map(one => h('tr', h('td', one.server), h('td', one.outcome), h('td.right', number(one.transactions)), h('td.right', number(one.rows)), h('td', one.last)))))),
    quarantine?.rows.map(one => h('details.row', { key: `${one.origin} ${one.nr}` }, h('summary', h('code', one.origin), ' ', h('b', `${one.kind} ${one.table}`), ' ', one.reason),
      h('div.three', side(t('quarantine.before'), one.before), side(t('quarantine.after'), one.after), side(t('quarantine.there'), one.there)), h('pre', { tabindex: '0' }, one.statement))));
}

function side(title, json) {
  let row = null;
  try { row = json ? JSON.parse(json) : null; } catch { row = { '': json }; }
  return h('div', h('h4', title), row ? h('dl', Object.entries(row).map(([name, value]) => [h('dt', name), h('dd', typeof value === 'object' ? JSON.stringify(value) : String(value))])) : h('p.muted', t('quarantine.nothing')));
}

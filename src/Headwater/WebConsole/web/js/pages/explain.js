import { h } from '../dom.js';
import { t } from '../texts.js';
import '../texts/explain.js';
import { known, ask } from '../live.js';

const question = { statement: 'SELECT body FROM app.posts WHERE id = 42', level: 'session', schema: '', floor: '' };
const levels = ['eventual', 'bounded 200ms', 'monotonic', 'session', 'prefix', 'strong'];
let answer = null, trouble = '', given = '';

export function enter(route, soon) {
  if (route[1] && route[1] !== given) { given = question.statement = route[1]; const box = document.querySelector('.ask textarea'); if (box) box.value = given; }
  decide(soon);
}

async function decide(soon) {
  try {
    const { status, body } = await ask(`/api/explain?${new URLSearchParams(question)}`);
    if (status === 200) { trouble = body.error ?? ''; answer = body.error ? answer : body; } else trouble = body.sentences?.[0] ?? `HTTP ${status}`;
  } catch { trouble = t('live.never'); }
  soon();
}

export function draw(route, soon) {
  return [
    h('h1', t('nav.explain')),
    h('p.lead', t('explain.lead')),
    h('form.ask.card', { key: 'ask', mount: form => build(form, soon) }),
    trouble && h('p.said.warning', { role: 'alert' }, trouble),
    answer && drawing(answer, known.now),
  ];
}

function build(form, soon) {
  const take = () => { question.statement = form.statement.value; question.level = form.level.value; question.schema = form.schema.value; question.floor = form.floor.value; };
  form.append(
    h('label.wide', t('explain.statement'), h('textarea', { name: 'statement', rows: '3', spellcheck: 'false', autocapitalize: 'none', onkeydown: event => { if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) { take(); decide(soon); } } })),
    h('label', t('explain.level'), h('select', { name: 'level' }, levels.map(level => h('option', { value: level, selected: level === question.level ? true : null }, level)))),
    h('label', t('explain.floor'), h('select', { name: 'floor' }, h('option', { value: '' }, t('explain.fresh')), h('option', { value: 'now' }, t('explain.wrote')))),
    h('label', t('explain.schema'), h('input', { name: 'schema', value: '', placeholder: t('explain.no_schema'), autocapitalize: 'none', spellcheck: 'false' })),
    h('button.primary', { type: 'submit' }, t('explain.decide')));
  form.statement.value = question.statement;
  form.addEventListener('submit', event => { event.preventDefault(); take(); decide(soon); });
}

function drawing(one) {
  return h('section.decision', { 'aria-live': 'polite', 'aria-label': t('explain.answer') },
    h('ol.path',
      stage(t('explain.is'), one.plain_read ? t('explain.plain') : t('explain.not_plain'), h('code', one.digest), h('p', one.because), one.reads && h('p.muted', t('explain.reads', { reads: one.reads })), one.hint && h('p.muted', t('explain.hint', { hint: one.hint }))),
      stage(t('explain.asks'), one.level, h('p', t(`level.${one.level.split(/[ (]/)[0]}`)), h('p.muted', one.floor && one.floor !== '(nothing)' ? [t('explain.needs'), ' ', h('code', one.floor)] : t('explain.needs_nothing'))),
      stage(t('explain.goes'), one.route === 'server' ? one.server : t(`explain.${one.route}`, { server: one.server ?? '' }), h('p', one.sentence), h('code.note', one.reason), one.kept && h('p.kept', h('span.tag.kept', t('explain.kept')), ' ', one.kept))),
    ruler(one),
    h('div.candidates', one.servers.map(server => h('article.candidate', { key: server.server, class: server.chosen && one.route === 'server' ? 'chosen' : server.covers ? 'covers' : 'short' },
      h('header', h('b', server.server), h('span.role', t(`role.${server.role}`)), server.chosen && h('span.pill.good', one.route === 'server' ? t('explain.chosen') : t('explain.awaited'))),
      h('p.position', server.position), h('p', server.reason)))));
}

const stage = (title, word, ...more) => h('li', h('span.label', title), h('strong', word), more);

/** The log as a line: who stands where on it, and from where on a copy may answer. One line for each domain. */
function ruler(one) {
  const parse = text => new Map((text || '').split(',').map(gtid => gtid.trim().match(/^(\d+)-(\d+)-(\d+)$/)).filter(Boolean).map(match => [match[1], Number(match[3])]));
  const servers = one.servers.map(server => ({ ...server, at: parse(server.position) }));
  const floor = parse(one.floor);
  const domains = [...new Set([...servers.flatMap(server => [...server.at.keys()]), ...floor.keys()])].sort();
  const width = 900, left = 20, right = 880;
  const lanes = domains.map(domain => {
    const values = [...servers.map(server => server.at.get(domain)), floor.get(domain)].filter(value => value !== undefined);
    const low = Math.min(...values), high = Math.max(...values), room = Math.max(high - low, 8);
    const x = value => left + 60 + (right - left - 150) * (value - low + (room - (high - low)) / 2) / room;
    const at = new Map();
    for (const server of servers.filter(server => server.at.has(domain))) {
      const value = server.at.get(domain), mark = at.get(value) ?? { value, x: x(value), names: [], chosen: false, covers: false };
      mark.names.push(server.server);
      at.set(value, { ...mark, chosen: mark.chosen || server.chosen, covers: mark.covers || server.covers });
    }
    const marks = [...at.values()].sort((a, b) => a.value - b.value);
    // Names that would touch stand one above the other.
    let free = [];
    for (const mark of marks) {
      const half = 5 * `${mark.names.join(', ')} ${mark.value}`.length;
      mark.level = free.findIndex(end => end < mark.x - half);
      if (mark.level < 0) mark.level = free.push(0) - 1;
      free[mark.level] = mark.x + half;
    }
    const height = 66 + 26 * Math.max(1, free.length);
    return { domain, marks, floor: floor.has(domain) ? x(floor.get(domain)) : null, floorAt: floor.get(domain), height, base: height - 28 };
  });
  return h('figure.ruler', { tabindex: '0' }, h('figcaption.muted', t('explain.ruler')), lanes.map(lane => h('svg', { viewBox: `0 0 ${width} ${lane.height}`, key: lane.domain, role: 'img', 'aria-label': `${t('explain.ruler')} ${lane.marks.map(mark => `${mark.names.join(', ')} ${mark.value}`).join('; ')}${lane.floor === null ? '' : `; ${t('explain.floor_mark', { floor: lane.floorAt })}`}` },
    lane.floor !== null && [h('rect.enough', { x: lane.floor, y: 8, width: right - lane.floor, height: lane.base - 8, rx: 6 }), h('line.floor', { x1: lane.floor, x2: lane.floor, y1: 8, y2: lane.base + 10 }), h('text.floor', { x: lane.floor, y: lane.base + 24, 'text-anchor': 'middle' }, t('explain.floor_mark', { floor: lane.floorAt }))],
    h('path.log', { d: `M${left} ${lane.base}H${right - 8}l-7 -5m7 5l-7 5` }),
    lane.marks.map(mark => h('g', { class: `mark ${mark.chosen ? 'chosen' : mark.covers ? 'covers' : 'short'}` }, h('line', { x1: mark.x, x2: mark.x, y1: lane.base, y2: lane.base - 22 - 26 * mark.level }), h('circle', { cx: mark.x, cy: lane.base, r: 5 }), h('text', { x: mark.x, y: lane.base - 28 - 26 * mark.level, 'text-anchor': 'middle' }, `${mark.names.join(', ')} ${mark.value}`))))));
}

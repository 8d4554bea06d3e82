import { h } from '../dom.js';
import { t, language } from '../texts.js';
import '../texts/lab.js';
import { known, ask } from '../live.js';
import { span, atFull } from '../format.js';
import { propose } from '../actions.js';
import { wide } from '../shell.js';
import { bar } from '../progress.js';

let list = null, report = null, ended = '';
const own = text => text?.[language] ?? '';

export async function enter(route, soon) {
  const name = route[1];
  if (report?.scenario.name !== name) report = null;
  try {
    const all = await ask(`/api/lab?lang=${language}`);
    if (all.status === 200) list = all.body;
    // Asked for only where there is one: a browser tells every answer that is no success on its console.
    if (name && list?.scenarios.find(one => one.name === name)?.last) {
      const one = await ask(`/api/lab?scenario=${encodeURIComponent(name)}&lang=${language}`);
      // Another may have been gone to meanwhile.
      if (one.status === 200 && location.hash.split('/')[2] === name) report = one.body;
    }
  } catch { /* said by the age of the page */ }
  soon();
}

export function draw(route, soon) {
  const state = known.now.lab;
  const mark = state && !state.runs ? `${state.scenario} ${state.since}` : '';
  if (mark !== ended) { ended = mark; enter(route, soon); }
  if (!list) return [h('h1', t('nav.lab')), h('p.muted', t('live.waiting'))];
  return route[1] ? one(route[1], state) : [h('h1', t('nav.lab')), h('p.lead', t('lab.lead'), ' ', t('lab.away')), hindrance(), running(state), h('ul.scenarios', list.scenarios.map(scenario => entry(scenario, state)))];
}

const hindrance = () => list.hindrance && h('p.said.warning', list.hindrance);

const title = name => list.scenarios.find(one => one.name === name)?.title ?? name;

/** The run that goes on, or how the last one ended. */
function running(state) {
  if (!state?.scenario) return null;
  const seconds = (known.now.at - Date.parse(state.since)) / 1000;
  if (!state.runs) return h('section.card.played', { role: 'status', key: 'run' }, h('h2', t('lab.ended', { scenario: title(state.scenario) })), h('p', { class: state.passed ? 'good' : 'bad' }, own(state.ended)),
    list.scenarios.find(one => one.name === state.scenario)?.last && location.hash !== `#/lab/${state.scenario}` && h('p', h('a', { href: `#/lab/${state.scenario}` }, t('lab.report'))));
  // The first step is the first data's; then come the two runs.
  return h('section.card.playing', { key: 'run', 'aria-labelledby': 'run-title' },
    h('div.head', h('h2', { id: 'run-title' }, t('lab.now', { scenario: title(state.scenario) })), known.me?.role === 'operator' && h('button', { type: 'button', onclick: () => propose('lab_stop', state.scenario) }, t('lab.stop'))),
    h('ol.begun', { 'aria-live': 'polite' }, state.steps.length ? state.steps.map((step, index) => h('li', { key: index, class: index === state.steps.length - 1 ? 'now' : '' }, index > 0 && h('span.tag', t(index === 1 ? 'lab.without' : 'lab.with')), ' ', own(step.doing))) : h('li.now', t('lab.starting'))),
    bar(title(state.scenario), Math.min(0.99, Math.max(0, seconds) / state.expected), seconds > state.expected ? t('lab.over', { time: span(Math.round(seconds)) }) : t('lab.of', { time: span(Math.max(0, Math.round(seconds))), expected: span(Math.round(state.expected)) })));
}

const mayPlay = state => known.me?.role === 'operator' && !list.hindrance && state;

const play = (scenario, state) => mayPlay(state) && h('button', { type: 'button', disabled: state.runs, 'aria-label': `${t(scenario.last ? 'lab.again' : 'lab.play')} ${scenario.title}`, onclick: () => propose('lab', scenario.name, scenario.name, scenario.title) }, t(scenario.last ? 'lab.again' : 'lab.play'));

const verdict = last => h('span.pill', { class: last.passed ? 'good' : 'bad' }, t(last.passed ? 'lab.passed' : 'lab.failed'));

function entry(scenario, state) {
  return h('li.scenario.card', { key: scenario.name },
    h('div.head', h('h2', h('a', { href: `#/lab/${scenario.name}` }, scenario.title)), scenario.last && verdict(scenario.last)),
    h('p', scenario.question),
    scenario.last ? h('p.muted', scenario.last.sentence) : sides(scenario),
    h('div.head', h('span.muted', h('code', scenario.name), ' · ', t('lab.takes', { time: span(scenario.seconds) })), play(scenario, state)));
}

const sides = scenario => h('dl.facts', h('dt', t('lab.without')), h('dd', scenario.without), h('dt', t('lab.with')), h('dd', scenario.with));

function one(name, state) {
  const scenario = list.scenarios.find(one => one.name === name);
  const back = h('p', h('a', { href: '#/lab' }, `← ${t('nav.lab')}`));
  if (!scenario) return [back, h('h1', t('nav.lab')), h('p.muted', t('lab.unknown', { name }))];
  const seen = report?.scenario.name === name ? report : null;
  return [
    back,
    h('div.head', h('h1', scenario.title), seen && verdict(seen.scenario.last), play(scenario, state)),
    h('p.lead', scenario.question),
    hindrance(),
    state?.scenario === name && state.runs && running(state),
    !seen ? h('section.card', h('p.muted', t('lab.never')), sides(scenario), h('p', t('lab.counted', { anomaly: scenario.anomaly }))) : [
      h('p.verdict', { class: seen.scenario.last.passed ? 'good' : 'bad' }, seen.scenario.last.sentence),
      h('section.sides', seen.sides.map(side => evidence(side, seen.scenario.last.at))),
      h('section.card', h('h2', t('lab.told')), h('ol.told', seen.explanation.map((sentence, index) => h('li', { key: index }, sentence))),
        h('p.muted.note', t('lab.seen', { when: atFull(seen.scenario.last.at), time: span(seen.seconds), version: seen.version, server: seen.server }))),
    ],
  ];
}

/** One side: the picture, what happened when, and the figures. */
function evidence(side, at) {
  const word = t(side.protected ? 'lab.with' : 'lab.without');
  return h('section.card.evidence', { key: `${side.protected} ${at}`, 'aria-label': word },
    h('h2', h('span.tag', { class: side.protected ? 'kept' : 'breaks' }, word), ' ', side.told),
    h('ul.keys', side.series.map((series, index) => h('li', { key: series.name }, h('i', { class: `s${index}${series.dots ? ' round' : ''}` }), series.name)), side.bad && h('li', h('b.bad', '✕'), ' ', t('lab.wrong'))),
    wide(side.told, h('div.picture', { key: at, mount: element => element.append(picture(side.svg)) })),
    side.events.length > 0 && h('ol.told', side.events.map((event, index) => h('li', { key: index }, h('span.muted', `${event.seconds.toFixed(1)} s`), ' ', event.text))),
    h('dl.facts', side.figures.map(figure => [h('dt', figure.name), h('dd', figure.value)])));
}

/** Made by the server as in the report of the command line. Parsed apart from the page, so that nothing in it could run. */
const picture = svg => document.importNode(new DOMParser().parseFromString(svg, 'text/html').querySelector('svg'), true);

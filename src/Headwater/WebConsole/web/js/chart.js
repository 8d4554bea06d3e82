// Charts over time by uPlot. All charts of a page share a cursor and a zoom. Drag: zoom. Keys: arrows move the cursor, + and - zoom, 0 or Escape shows all again.

import { h } from './dom.js';
import { t } from './texts.js';
import { known, follow } from './live.js';
import { number, at as clock } from './format.js';

let library = null;
// After what is known has been drawn: a chart can wait for a moment, a person looks at the servers first.
const load = () => library ??= new Promise(then => requestAnimationFrame(() => setTimeout(then, 0))).then(() => import('../vendor/uplot/uPlot.esm.js')).then(module => module.default);
const dark = matchMedia('(prefers-color-scheme: dark)');
const color = name => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
const zooms = new Map();
const groups = new Map();

export const charts = (group, list) => h('section.charts', { 'aria-label': t('chart.section'), key: `charts-${group}` }, list.map(one => one(group)));

/** series: [column, name] or [column, name, transform of all columns at an index]. */
export const chart = (id, title, unit, series) => group => h('figure.chart.card', { key: `${group}.${id}.${series.map(one => one[0]).join()}.${dark.matches}`, mount: element => mount(element, group, title, unit, series) });

function mount(element, group, title, unit, series) {
  const caption = h('figcaption', h('h3', title), h('p.legend'));
  const box = h('div.plot', { tabindex: '0', role: 'img', 'aria-label': title });
  element.append(caption, box);
  const reset = h('button.quiet', { type: 'button', hidden: true, onclick: () => zoom(group, null) }, t('chart.all'));
  caption.querySelector('h3').after(reset);
  const own = { element, box, caption, reset, plot: null, title, unit, series };
  if (!groups.has(group)) groups.set(group, new Set());
  groups.get(group).add(own);
  box.addEventListener('keydown', event => key(event, own, group));
  load().then(uPlot => { if (element.isConnected) build(uPlot, own, group); });
  const leave = follow(() => {
    if (element.isConnected) { update(own, group); return; }
    leave();
    groups.get(group).delete(own);
    own.sizes?.disconnect();
    own.plot?.destroy();
  });
}

const seconds = () => known.at.map(at => at / 1000);
const data = own => [seconds(), ...own.series.map(([name, , of]) => of ? known.at.map((_, index) => of(index)) : known.columns[name] ?? known.at.map(() => null))];

function build(uPlot, own, group) {
  const axis = { stroke: color('--muted'), grid: { stroke: color('--line'), width: 1 }, ticks: { stroke: color('--line'), width: 1, size: 4 }, font: '11px system-ui, sans-serif' };
  const options = {
    width: own.box.clientWidth, height: 168, padding: [8, 4, 0, 0],
    cursor: { sync: { key: group, setSeries: false }, drag: { x: true, y: false }, points: { size: 6 } },
    legend: { show: false },
    scales: { x: { time: true }, y: { range: (_, low, high) => [0, Math.max(high * 1.1, 1)] } },
    axes: [
      { ...axis, space: 70, size: 28, values: (_, ticks) => ticks.map(tick => clock(tick * 1000).slice(0, ticks.length > 1 && ticks[1] - ticks[0] < 60 ? 8 : 5)) },
      { ...axis, size: 46, values: (_, ticks) => ticks.map(tick => tick >= 10000 ? `${number(tick / 1000)}k` : number(tick)) },
    ],
    series: [{}, ...own.series.map(([, name], index) => ({ label: name, stroke: color(`--series-${index % 8 + 1}`), width: 1.6, spanGaps: false, fill: index === 0 ? color('--series-1-soft') : undefined, points: { show: false } }))],
    hooks: {
      setCursor: [plot => legend(own, plot.cursor.idx)],
      setSelect: [plot => { if (plot.select.width > 4) zoom(group, [plot.posToVal(plot.select.left, 'x'), plot.posToVal(plot.select.left + plot.select.width, 'x')]); }],
      ready: [plot => plot.over.addEventListener('dblclick', () => zoom(group, null))],
    },
  };
  own.plot = new uPlot(options, data(own), own.box);
  own.sizes = new ResizeObserver(([entry]) => own.plot.setSize({ width: Math.max(120, Math.floor(entry.contentRect.width)), height: 168 }));
  own.sizes.observe(own.box);
  update(own, group);
}

function update(own, group) {
  if (!own.plot || known.at.length === own.drawn && known.at.at(-1) === own.until) return;
  [own.drawn, own.until] = [known.at.length, known.at.at(-1)];
  own.plot.setData(data(own), false);
  apply(own, group);
  legend(own, own.plot.cursor.idx);
}

function apply(own, group) {
  const zoomed = zooms.get(group);
  const times = own.plot.data[0];
  if (!times.length) return;
  own.plot.setScale('x', zoomed ? { min: zoomed[0], max: zoomed[1] } : { min: Math.min(times[0], times.at(-1) - 60), max: times.at(-1) });
  own.reset.hidden = !zoomed;
}

function zoom(group, range) {
  if (range) zooms.set(group, range); else zooms.delete(group);
  for (const own of groups.get(group) ?? []) if (own.plot) { own.plot.setSelect({ left: 0, width: 0, top: 0, height: 0 }, false); apply(own, group); }
}

function legend(own, index) {
  const shown = index ?? known.at.length - 1;
  const figures = own.series.map(([name, label, of], at) => [label, of ? of(shown) : known.columns[name]?.[shown], at]);
  const text = ([, value]) => value === null || value === undefined ? '–' : `${number(value)}${own.unit === '/s' ? '/s' : ` ${own.unit}`}`;
  own.caption.querySelector('.legend').replaceChildren(h('time', index === null || index === undefined ? '' : clock(known.at[shown])), ...figures.map(one => h('span', h('i', { style: { background: `var(--series-${one[2] % 8 + 1})` } }), `${one[0]} `, h('b', text(one)))));
  own.box.setAttribute('aria-label', `${own.title}: ${figures.map(one => `${one[0]} ${text(one)}`).join(', ')}. ${t('chart.keys')}`);
}

function key(event, own, group) {
  const { plot } = own;
  if (!plot) return;
  const { min, max } = plot.scales.x;
  const at = plot.cursor.idx === null ? plot.valToPos(max, 'x') : plot.cursor.left;
  const step = plot.over.clientWidth / 60;
  const moves = { ArrowLeft: -step, ArrowRight: step };
  if (event.key in moves) plot.setCursor({ left: Math.max(0, Math.min(plot.over.clientWidth, at + moves[event.key])), top: 20 }, true, true);
  else if (event.key === '+' || event.key === '-') {
    const centre = plot.posToVal(at, 'x'), half = (max - min) / (event.key === '+' ? 4 : 1);
    zoom(group, [centre - half, centre + half]);
  } else if (event.key === '0' || event.key === 'Escape') zoom(group, null);
  else return;
  event.preventDefault();
}

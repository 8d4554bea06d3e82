// Whatever changes something: what it will do is shown first, and where data or availability is at stake the name is typed.

import { h, lay } from './dom.js';
import { t } from './texts.js';
import { ask, known, follow } from './live.js';
import { work } from './progress.js';

/** What there is. path: what is asked for. stake: who asks has to type the name of the server (or of the cluster). away: it goes on elsewhere, and the page shows how far. told: the kind of what is told of it while it is under way. */
const kinds = {
  switchover: { stake: true, path: (name, dry) => `switchover?to=${name}&dry_run=${dry}` },
  failover: { stake: true, path: (name, dry) => `failover?accept_loss=true&dry_run=${dry}` },
  maintenance_on: { stake: true, path: (name, dry) => `maintenance?server=${name}&on=true&dry_run=${dry}` },
  maintenance_off: { path: (name, dry) => `maintenance?server=${name}&on=false&dry_run=${dry}` },
  recover: { stake: true, told: 'recovering', path: (name, dry) => `recover?server=${name}&dry_run=${dry}` },
  rebuild: { stake: true, told: 'rebuilding', path: (name, dry) => `rebuild?server=${name}&dry_run=${dry}`, option: ['overwrite', 'overwrite=true'] },
  verify: { path: (name, dry) => `verify?server=${name}&dry_run=${dry}` },
  pause: { stake: true, path: (name, dry) => `pause?dry_run=${dry}` },
  resume: { path: (name, dry) => `resume?dry_run=${dry}` },
  audit_apply: { stake: true, path: (name, dry) => dry ? 'audit' : 'audit?apply=true' },
  lab: { path: (name, dry) => `lab?scenario=${name}&dry_run=${dry}`, away: true },
  lab_stop: { path: (name, dry) => `lab?stop=true&dry_run=${dry}`, away: true },
  reload: { plain: true },
};

let asked = null;
const dialog = h('dialog.action', { 'aria-labelledby': 'action-title', onclose: () => { asked = null; } });

/** Opens the dialog: first what would be done. */
export async function propose(kind, server, word = server, title = server) {
  asked = { kind, server, word, title, plan: null, outcome: null, typed: '', option: false, busy: true };
  if (!dialog.isConnected) document.body.append(dialog);
  show();
  dialog.showModal();
  await plan(asked);
}

async function plan(one) {
  if (kinds[one.kind].plain) Object.assign(one, { plan: { applied: true, sentences: [] }, busy: false });
  else {
    one.busy = true;
    const body = await answered(address(one, true));
    Object.assign(one, { plan: one.kind === 'audit_apply' ? ofAudit(body) : body, busy: false });
  }
  if (asked === one) show();
}

/** The answer's body; where none comes, one that says so. */
async function answered(path) {
  try {
    return (await ask(path, { method: 'POST' })).body;
  } catch (trouble) {
    return { applied: false, sentences: [t('action.lost', { why: trouble.message })] };
  }
}

const ofAudit = body => body.findings ? { applied: true, sentences: body.findings.map(one => one.mend ? `${one.server}: ${one.mend}` : `${one.server}: ${one.setting}: ${one.sentence} (${t('action.by_hand')})`) } : body;

function address(one, dry) {
  if (one.kind === 'reload') return '/api/reload';
  const kind = kinds[one.kind], name = encodeURIComponent(one.server ?? '');
  return `/api/control/${kind.path(name, dry)}${one.option && kind.option ? `&${kind.option[1]}` : ''}`;
}

async function carryOut(event) {
  event.preventDefault();
  const one = asked;
  if (one.busy || !ready(one)) return;
  Object.assign(one, { busy: true, begun: true });
  show();
  const body = await answered(address(one, false));
  Object.assign(one, { busy: false, outcome: body });
  if (asked !== one) return;
  if (kinds[one.kind].away && body.applied) dialog.close(); else show();
}

const ready = one => one.plan?.applied && (!kinds[one.kind].stake || one.typed.trim() === one.word);

const lines = answer => answer?.told ?? answer?.sentences ?? (answer?.findings ? [t(answer.findings.length ? 'audit.left' : 'audit.clean', { count: answer.findings.length })] : []);

function show() {
  const one = asked;
  if (!one) return;
  const kind = kinds[one.kind];
  const done = one.outcome;
  lay(dialog, h('form', { onsubmit: carryOut, key: `${one.kind} ${one.server}` },
    h('h2', { id: 'action-title' }, t(`action.${one.kind}`, { server: one.server ?? '' }), kind.away && one.title ? `: ${one.title}` : ''),
    h('p.muted', t(`action.${one.kind}.say`, { server: one.server ?? '' })),
    !done && h('div.plan', { 'aria-busy': String(one.busy && !one.begun), 'aria-live': 'polite' },
      !one.plan ? h('p', t('action.asking')) : [h('h3', one.plan.applied ? t('action.plan') : t('action.cannot')), list(lines(one.plan), one.plan.applied ? '' : 'bad'), report(one.plan.report)]),
    !one.begun && kind.option && h('label.check', h('input', { type: 'checkbox', onchange: event => { one.option = event.target.checked; plan(one); } }), t(`action.option.${kind.option[0]}`)),
    !one.begun && one.plan?.applied && kind.stake && h('label', t('action.type', { word: one.word }), h('input', { name: 'confirm', autocomplete: 'off', autocapitalize: 'none', spellcheck: 'false', oninput: event => { one.typed = event.target.value; show(); } })),
    one.begun && !done && underway(one, kind),
    done && h('div', { role: 'status' }, h('h3', { class: done.applied === false ? 'bad' : 'good' }, done.applied === false ? t('action.failed') : t('action.done')), list(lines(done), done.applied === false ? 'bad' : ''), report(done.report)),
    h('menu',
      h('button', { type: 'button', onclick: () => dialog.close() }, done ? t('action.close') : one.begun ? t('action.leave') : t('action.cancel')),
      !done && h('button.primary', { type: 'submit', disabled: one.busy || !ready(one), class: kind.stake ? 'grave' : '' }, one.busy && one.begun ? t('action.running') : t(`action.${one.kind}.do`)))));
}

/** What is told of it while it goes on; there may be nothing yet. */
function underway(one, kind) {
  const told = one.kind === 'verify' ? known.now.verify?.runs && known.now.verify : known.now.attention.find(other => other.kind === kind.told && other.server === one.server);
  return (kind.told || one.kind === 'verify') && h('div.underway', h('p', told?.sentence || t('action.running')), work(t(`action.${one.kind}`, { server: one.server }), told?.progress ?? null));
}

follow(() => { if (asked?.begun && !asked.outcome) show(); });

const list = (sentences, kind) => sentences.length === 1 ? h('p', { class: kind }, sentences[0]) : h('ul.lines', { class: kind }, sentences.map(sentence => h('li', sentence)));

/** The report of a recovery, a rebuild or a comparison, as far as it has figures worth a line. */
function report(one) {
  if (!one) return null;
  const rows = Object.entries(one).filter(([, value]) => typeof value === 'number' || typeof value === 'string' && value.length > 0 && value.length < 300).map(([name, value]) => [name.replaceAll('_', ' '), typeof value === 'number' ? Math.round(value * 10) / 10 : value]);
  return rows.length ? h('details', h('summary', t('action.report')), h('dl.report', rows.map(([name, value]) => [h('dt', name), h('dd', String(value))]))) : null;
}

function menu(label, title, items) {
  return h('details.menu', { onfocusout: event => { if (!event.currentTarget.contains(event.relatedTarget)) event.currentTarget.open = false; }, onkeydown: event => { if (event.key === 'Escape') { event.currentTarget.open = false; event.currentTarget.querySelector('summary').focus(); } } },
    h('summary', { title }, label),
    h('ul', items.filter(Boolean).map(([kind, server, word]) => h('li', h('button', { type: 'button', onclick: event => { event.currentTarget.closest('details').open = false; propose(kind, server, word); } }, t(`action.${kind}.item`))))));
}

/** What can be done about one server. */
export function serverMenu(server, now) {
  const replica = server.role === 'replica', witness = server.tags.includes('witness');
  return menu([h('span', { 'aria-hidden': 'true' }, '⋯'), h('span.unseen', t('action.menu', { server: server.name }))], t('action.menu', { server: server.name }), [
    replica && !witness && server.name !== now.primary && ['switchover', server.name],
    server.in_maintenance ? ['maintenance_off', server.name] : ['maintenance_on', server.name],
    server.name !== now.primary && !witness && ['recover', server.name],
    server.name !== now.primary && !witness && ['rebuild', server.name],
    replica && !witness && ['verify', server.name],
  ]);
}

/** What can be done about all of it. */
export function actionMenu() {
  const { cluster, control, primary } = known.now;
  return menu(t('action.all'), t('action.all_title'), [control && (control.paused ? ['resume'] : ['pause', null, cluster]), ['verify'], control && ['audit_apply', null, cluster], control && !primary && ['failover', null, cluster], ['reload']]);
}

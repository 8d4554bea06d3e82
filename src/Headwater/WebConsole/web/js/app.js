import { lay } from './dom.js';
import { language, t } from './texts.js';
import { known, follow, connect } from './live.js';
import { shell, pages } from './shell.js';
import { login } from './login.js';
import * as cluster from './pages/cluster.js';

document.documentElement.lang = language;

// The first page comes with the frame; the others when they are asked for.
const loaded = { cluster };
const root = document.getElementById('app');
let drawing = false;

const route = () => {
  const parts = location.hash.replace(/^#\/?/, '').split('/').map(part => { try { return decodeURIComponent(part); } catch { return part; } });
  return pages.includes(parts[0]) ? parts : ['cluster'];
};

function draw() {
  drawing = false;
  const at = route();
  document.title = `${known.now?.attention.some(one => one.severity === 'critical') ? '● ' : ''}${t(`nav.${at[0]}`)} · Headwater`;
  if (known.me?.login) { lay(root, login()); return; }
  const page = loaded[at[0]];
  lay(root, shell(at, page && known.now ? page.draw(at, soon) : waiting()));
}

const waiting = () => document.createTextNode(known.lost ? t('live.never') : '');

/** Draws once, however many ask for it. */
export function soon() {
  if (drawing) return;
  drawing = true;
  // A hidden page has no frames; it is drawn when it is seen.
  requestAnimationFrame(draw);
}

async function go() {
  const [page] = route();
  if (!loaded[page]) loaded[page] = await import(`./pages/${page}.js`);
  loaded[page].enter?.(route(), soon);
  soon();
}

addEventListener('hashchange', async () => {
  await go();
  scrollTo(0, 0);
  document.getElementById('main')?.focus({ preventScroll: true });
});
follow(soon);
soon();
go();
connect();

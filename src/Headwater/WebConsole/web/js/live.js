// One stream for all pages. What is known stays on the page when the server is lost, with its age.

const listeners = new Set();
const most = 900;

/** What is known: now (the last picture), history (columns of figures by second), lost (since when nothing came), me (who looks on). */
export const known = { now: null, at: [], columns: {}, receivedAt: 0, lost: false, me: null };

let source = null, retry = null, hiddenSince = null;

export function follow(listener) { listeners.add(listener); return () => listeners.delete(listener); }

export function tell() { for (const listener of listeners) listener(known); }

/** Seconds since the last picture came. */
export const age = () => known.receivedAt ? (performance.now() - known.receivedAt) / 1000 : Infinity;

export async function ask(path, options = {}) {
  const response = await fetch(path, { ...options, headers: { Accept: 'application/json', 'X-Headwater': 'console', ...options.headers } });
  const text = await response.text();
  let body;
  try { body = JSON.parse(text); } catch { body = { applied: false, sentences: [text.trim() || `HTTP ${response.status}`] }; }
  return { status: response.status, body };
}

export async function connect() {
  clearTimeout(retry);
  source?.close();
  source = null;
  // Both at once: who has to log in is refused the stream, and told why by the other answer. After a loss the other comes first, for a refusal that is repeated says nothing new.
  if (!known.me || !known.lost && !known.me.login) open();
  try {
    known.me = (await ask('/api/me')).body;
  } catch {
    lost();
    return;
  }
  tell();
  if (known.me.login) { source?.close(); source = null; clearTimeout(retry); } else if (!source) open();
}

function open() {
  source = new EventSource('/api/live');
  source.onmessage = event => take(JSON.parse(event.data));
  source.addEventListener('history', event => begin(JSON.parse(event.data)));
  source.onerror = () => { if (!known.me?.login) lost(); };
}

function lost() {
  if (!known.lost) { known.lost = true; tell(); }
  source?.close();
  source = null;
  clearTimeout(retry);
  retry = setTimeout(connect, 1000);
}

function begin(history) {
  known.at = history.at;
  known.columns = history.columns;
  tell();
}

function take(picture) {
  if (picture.sample) add(picture.at, picture.sample);
  known.now = picture;
  known.receivedAt = performance.now();
  known.lost = false;
  tell();
}

function add(at, sample) {
  if (known.at.length && at <= known.at[known.at.length - 1]) return;
  known.at = [...known.at.slice(-most + 1), at];
  const length = known.at.length;
  for (const name of new Set([...Object.keys(known.columns), ...Object.keys(sample)])) {
    const column = (known.columns[name] ?? []).slice(-most + 1);
    while (column.length < length - 1) column.unshift(null);
    column.push(sample[name] ?? null);
    known.columns[name] = column.slice(-length);
  }
}

/** The last figures of a column. */
export const last = (name, count = 60) => (known.columns[name] ?? []).slice(-count);
export const sum = (name, count = most) => last(name, count).reduce((all, one) => all + (one ?? 0), 0);
export const columnsLike = start => Object.keys(known.columns).filter(name => name.startsWith(start));

// A page that nobody sees costs nobody anything.
document.addEventListener('visibilitychange', () => {
  clearTimeout(hiddenSince);
  if (document.hidden) hiddenSince = setTimeout(() => { source?.close(); source = null; }, 60_000);
  else if (!source && known.me && !known.me.login) connect();
});

// Silence is shown while it lasts, not when it ends; a stream that is silent for long is dead, whatever the socket says.
setInterval(() => {
  if (known.receivedAt && age() > 3) { if (age() > 8 && source && !document.hidden) lost(); tell(); }
}, 1000);

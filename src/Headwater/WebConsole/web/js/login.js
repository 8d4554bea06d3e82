import { h } from './dom.js';
import { t } from './texts.js';
import { ask, connect } from './live.js';
import { soon } from './app.js';

let refused = '', busy = false;

async function enter(event) {
  event.preventDefault();
  if (busy) return;
  const form = new FormData(event.target);
  busy = true;
  refused = '';
  soon();
  const { status, body } = await ask('/api/login', { method: 'POST', body: JSON.stringify({ user: form.get('user'), password: form.get('password') }) });
  busy = false;
  if (status === 200) await connect();
  else refused = status === 429 ? t('login.slow') : t('login.wrong');
  if (body.why && status !== 401 && status !== 429) refused = body.why;
  soon();
}

export const login = () => h('main.login', { id: 'main' },
  h('form.card', { onsubmit: enter },
    h('h1', 'Headwater'),
    h('p.muted', t('login.say')),
    h('label', t('login.user'), h('input', { name: 'user', autocomplete: 'username', required: true, autocapitalize: 'none', spellcheck: 'false' })),
    h('label', t('login.password'), h('input', { name: 'password', type: 'password', autocomplete: 'current-password', required: true })),
    h('p.bad', { role: 'alert' }, refused),
    h('button.primary', { type: 'submit', disabled: busy }, t('login.enter'))));

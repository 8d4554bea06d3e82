// Pages are functions from what is known to elements; what they return is laid over what is on the page, so that focus, scrolling and open
// details stay where they are while figures change each second.

const svgNames = new Set(['svg', 'g', 'path', 'circle', 'rect', 'line', 'text', 'title', 'defs', 'marker', 'polygon', 'ellipse']);

/** An element: h('p.note', { class: …, onclick: …, style: { left: '3px' } }, ...children). Children: elements, texts, arrays, null. */
export function h(selector, ...rest) {
  const [name, ...classes] = selector.split('.');
  const props = rest.length && rest[0] !== null && typeof rest[0] === 'object' && !(rest[0] instanceof Node) && !Array.isArray(rest[0]) ? rest.shift() : {};
  const element = svgNames.has(name) ? document.createElementNS('http://www.w3.org/2000/svg', name) : document.createElement(name);
  if (classes.length) element.setAttribute('class', classes.join(' '));
  for (const [key, value] of Object.entries(props)) {
    if (value === null || value === undefined || value === false) continue;
    if (key === 'class') element.setAttribute('class', [...classes, value].join(' ').trim());
    else if (key === 'style') for (const [property, text] of Object.entries(value)) element.style.setProperty(property, text);
    else if (key.startsWith('on')) (element.$on ??= {})[key.slice(2)] = value;
    else if (key === 'key') element.$key = value;
    else if (key === 'mount') element.$mount = value;
    else if (key === 'value') { element.setAttribute('value', value); element.value = value; }
    else element.setAttribute(key, value === true ? '' : String(value));
  }
  for (const type of Object.keys(element.$on ?? {})) element.addEventListener(type, dispatch);
  append(element, rest);
  return element;
}

function append(element, children) {
  for (const child of children) {
    if (child === null || child === undefined || child === false || child === '') continue;
    if (Array.isArray(child)) append(element, child);
    else element.append(child);
  }
}

function dispatch(event) { event.currentTarget.$on?.[event.type]?.(event); }

/** Makes the children of parent look like the new ones. An element with "mount" is made once, and looks after its own inside. */
export function lay(parent, fresh) {
  const wanted = [fresh].flat(9).filter(node => node !== null && node !== undefined && node !== false && node !== '').map(node => node instanceof Node ? node : document.createTextNode(node));
  let at = parent.firstChild;
  for (const node of wanted) {
    let match = at && same(at, node) ? at : null;
    if (!match && node.$key !== undefined) for (let next = at; next; next = next.nextSibling) if (next.$key === node.$key && same(next, node)) { match = next; break; }
    if (match) {
      if (match !== at) parent.insertBefore(match, at); else at = at.nextSibling;
      become(match, node);
    } else {
      parent.insertBefore(node, at);
      mounted(node);
    }
  }
  while (at) { const next = at.nextSibling; at.remove(); at = next; }
}

function same(a, b) { return a.nodeType === b.nodeType && a.nodeName === b.nodeName && a.$key === b.$key; }

function mounted(node) {
  if (node.nodeType !== 1) return;
  node.$mount?.(node);
  for (const child of node.children) mounted(child);
}

function become(old, fresh) {
  if (old.nodeType === 3) { if (old.data !== fresh.data) old.data = fresh.data; return; }
  for (const { name } of [...old.attributes]) if (!fresh.hasAttribute(name) && !(name === 'open' && old.nodeName === 'DETAILS') && !(name === 'style' && old.$mount)) old.removeAttribute(name);
  for (const { name, value } of fresh.attributes) {
    if (name === 'style') { if (old.style.cssText !== fresh.style.cssText) old.style.cssText = fresh.style.cssText; }
    else if (old.getAttribute(name) !== value && !(name === 'value' && old === document.activeElement)) { old.setAttribute(name, value); if (name === 'value') old.value = value; }
  }
  for (const type of Object.keys(fresh.$on ?? {})) if (!old.$on?.[type]) old.addEventListener(type, dispatch);
  old.$on = fresh.$on;
  if (!old.$mount) lay(old, [...fresh.childNodes]);
}

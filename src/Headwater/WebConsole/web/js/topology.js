// Where each server stands on the drawing, and how the log flows between them. A tree from the primary down, or a ring: simple enough to be written
// here. Pure: servers and a width in, places and lines out.

export const card = { width: 224, height: 150, gap: 26, row: 74 };

/** The server each one follows, among those that are shown. */
function parents(servers) {
  const names = new Set(servers.map(server => server.name));
  return new Map(servers.map(server => [server.name, server.source && names.has(server.source) && server.source !== server.name ? server.source : null]));
}

function depthOf(name, parent, seen = new Set()) {
  const above = parent.get(name);
  if (!above || seen.has(name)) return 0;
  return 1 + depthOf(above, parent, seen.add(name));
}

export function layout(servers, primary, ring, width) {
  if (ring?.length > 2 && width >= 3 * (card.width + card.gap)) return round(servers, ring, width);
  return rows(servers, primary, width);
}

function rows(servers, primary, width) {
  const parent = parents(servers);
  const columns = Math.max(1, Math.floor((width + card.gap) / (card.width + card.gap)));
  // Who writes stands on top, also when it follows nobody's order; then by how far from it the log has come.
  const level = server => server.name === primary ? 0 : Math.max(1, depthOf(server.name, parent) + (parent.get(server.name) || depthOf(server.name, parent) ? 0 : 1));
  const levels = new Map();
  for (const server of servers) {
    const at = servers.length === 1 ? 0 : level(server);
    if (!levels.has(at)) levels.set(at, []);
    levels.get(at).push(server);
  }
  const places = new Map();
  let y = 0;
  const perRow = columns >= 4 && servers.length - 1 > columns ? columns - columns % 2 : columns;
  for (const [, members] of [...levels].sort((a, b) => a[0] - b[0])) {
    for (let from = 0; from < members.length; from += perRow) {
      const row = members.slice(from, from + perRow);
      const used = row.length * (card.width + card.gap) - card.gap;
      const left = perRow === 1 ? 28 : (width - used) / 2;
      row.forEach((server, index) => places.set(server.name, { x: left + index * (card.width + card.gap), y, width: perRow === 1 ? Math.min(width - 28, 420) : card.width, row: y }));
      y += card.height + card.row;
    }
  }
  const first = new Map();
  for (const place of places.values()) first.set(place.y, true);
  const lines = [];
  for (const server of servers) {
    const above = parent.get(server.name);
    if (!above) continue;
    lines.push({ from: above, to: server.name, path: perRow === 1 ? trunk(places.get(above), places.get(server.name)) : flow(places.get(above), places.get(server.name), places, width), ...middle(places.get(above), places.get(server.name), perRow === 1) });
  }
  return { places, lines, height: Math.max(card.height, y - card.row), narrow: perRow === 1 };
}

/** Down from the source, along the gap above the row, down into the replica: one bend each way, softened. */
function flow(a, b) {
  const x1 = a.x + a.width / 2, y1 = a.y + card.height, x2 = b.x + b.width / 2, y2 = b.y;
  if (Math.abs(x1 - x2) < 2) return `M${x1} ${y1}V${y2}`;
  if (y2 <= y1) return `M${a.x + a.width / 2} ${y1}C${x1} ${y1 + 40} ${x2} ${y1 + 40} ${x2} ${b.y + card.height}`;
  const bend = y2 - card.row / 2, r = Math.min(14, Math.abs(x2 - x1) / 2), way = Math.sign(x2 - x1);
  return `M${x1} ${y1}V${bend - r}Q${x1} ${bend} ${x1 + way * r} ${bend}H${x2 - way * r}Q${x2} ${bend} ${x2} ${bend + r}V${y2}`;
}

/** Where there is room for one column: a trunk at its left. */
function trunk(a, b) {
  const x = 12, y1 = a.y + card.height / 2, y2 = b.y + card.height / 2;
  return `M${a.x} ${y1}H${x + 8}Q${x} ${y1} ${x} ${y1 + 8}V${y2 - 8}Q${x} ${y2} ${x + 8} ${y2}H${b.x}`;
}

function middle(a, b, narrow) {
  return narrow ? { labelX: b.x + 4, labelY: b.y - 14, anchor: 'start' } : { labelX: b.x + b.width / 2 + 10, labelY: b.y - 12, anchor: 'start' };
}

function round(servers, ring, width) {
  const places = new Map(), lines = [];
  const members = ring.filter(name => servers.some(server => server.name === name));
  const outside = servers.filter(server => !members.includes(server.name));
  const rx = Math.min(width / 2 - card.width / 2 - 8, 110 + members.length * 55), ry = 90 + members.length * 34;
  const height = 2 * ry + card.height;
  members.forEach((name, index) => {
    const angle = 2 * Math.PI * index / members.length - Math.PI / 2;
    places.set(name, { x: width / 2 + rx * Math.cos(angle) - card.width / 2, y: height / 2 + ry * Math.sin(angle) - card.height / 2, width: card.width });
  });
  outside.forEach((server, index) => places.set(server.name, { x: index * (card.width + card.gap), y: height + card.row, width: card.width }));
  const centre = name => ({ x: places.get(name).x + card.width / 2, y: places.get(name).y + card.height / 2 });
  for (const server of servers) {
    if (!server.source || !places.has(server.source)) continue;
    const a = centre(server.source), b = centre(server.name);
    // From edge to edge, bent outwards a little, so that two members that follow each other have two lines.
    const cut = (from, to) => { const dx = to.x - from.x, dy = to.y - from.y; const k = Math.min(card.width / 2 / Math.abs(dx || 1), card.height / 2 / Math.abs(dy || 1)); return { x: from.x + dx * k, y: from.y + dy * k }; };
    const p = cut(a, b), q = cut(b, a), mx = (p.x + q.x) / 2 - (q.y - p.y) * .12, my = (p.y + q.y) / 2 + (q.x - p.x) * .12;
    lines.push({ from: server.source, to: server.name, path: `M${p.x} ${p.y}Q${mx} ${my} ${q.x} ${q.y}`, labelX: mx, labelY: my - 4, anchor: 'middle' });
  }
  return { places, lines, height: height + (outside.length ? card.row + card.height : 0), narrow: false };
}

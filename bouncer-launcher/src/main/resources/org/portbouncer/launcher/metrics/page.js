"use strict";
const STEP = 2000, MINUTE = 60000, SPAN = 5 * MINUTE, NO_ANSWER = "no answer";
// Characters that a name is shown with, and on a phone.
const LONG = 26, SHORT = 20;
const $ = id => document.getElementById(id);
const graphs = new Map();
const narrow = matchMedia("(max-width: 46rem)");
let host = "";
function size(n) {
  const units = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];
  let i = 0;
  while (n >= 1023.95 && i < units.length - 1) { n /= 1024; i++; }
  return (i ? n.toFixed(1) : Math.round(n)) + " " + units[i];
}
const rate = n => size(n) + "/s";
const few = n => n >= 100 || n === 0 ? String(Math.round(n)) : n.toFixed(1);
function micros(us) {
  if (us === null) return "–";
  return us < 1000 ? us + " µs" : us < 1e6 ? (us / 1000).toFixed(1) + " ms" : (us / 1e6).toFixed(1) + " s";
}
function span(ms) {
  const s = Math.floor(ms / 1000);
  if (s < 60) return s + "s";
  if (s < 3600) return Math.floor(s / 60) + "m" + String(s % 60).padStart(2, "0") + "s";
  if (s < 86400) return Math.floor(s / 3600) + "h" + String(Math.floor(s / 60) % 60).padStart(2, "0") + "m";
  return Math.floor(s / 86400) + "d" + String(Math.floor(s / 3600) % 24).padStart(2, "0") + "h";
}
// A time of today without its date.
function when(iso) {
  const t = new Date(iso), pad = x => String(x).padStart(2, "0");
  const clock = pad(t.getHours()) + ":" + pad(t.getMinutes()) + ":" + pad(t.getSeconds());
  return t.toDateString() === new Date().toDateString() ? clock : t.getFullYear() + "-" + pad(t.getMonth() + 1) + "-" + pad(t.getDate()) + " " + clock;
}
function make(name, className, content) {
  const element = document.createElement(name);
  if (className) element.className = className;
  if (content instanceof Node) element.append(content);
  else if (content !== undefined) element.textContent = content;
  return element;
}
// Without its middle where it is longer than that: names often differ at their ends alone.
function shortened(text, most) {
  const all = [...text];
  if (all.length <= most) return text;
  const tail = Math.floor((most - 1) / 2);
  return all.slice(0, most - 1 - tail).join("") + "…" + all.slice(-tail).join("");
}
// What is seen is short; what the pointer shows, a screen reader says and the browser finds is whole.
function named(text, most = narrow.matches ? SHORT : LONG) {
  const brief = shortened(text, most);
  if (brief === text) return text;
  const whole = make("span", "long"), seen = make("span", "", brief);
  whole.title = text;
  seen.setAttribute("aria-hidden", "true");
  whole.append(seen, make("span", "unseen", text));
  return whole;
}
const onlyElements = node => node.children.length === node.childNodes.length;
// Changes what differs and leaves the rest alone: who reads, selects or scrolls there is not disturbed.
function morph(parent, fresh) {
  fresh.forEach((made, i) => {
    const old = parent.children[i];
    if (!old) parent.append(made);
    else if (old.isEqualNode(made)) return;
    else if (old.tagName === made.tagName && made.children.length > 0 && onlyElements(made) && onlyElements(old)) {
      for (const { name } of [...old.attributes]) if (!made.hasAttribute(name)) old.removeAttribute(name);
      for (const { name, value } of made.attributes) if (old.getAttribute(name) !== value) old.setAttribute(name, value);
      morph(old, [...made.children]);
    } else old.replaceWith(made);
  });
  while (parent.children.length > fresh.length) parent.lastElementChild.remove();
}
function rows(id, all) { morph($(id), all); }
// A cell is a text, or [text or node, class].
function row(cells, className) {
  const tr = make("tr", className);
  cells.forEach((cell, i) => {
    const [content, className] = Array.isArray(cell) ? cell : [cell, ""];
    const td = make(i === 0 ? "th" : "td", className, content);
    if (i === 0) td.scope = "row";
    tr.append(td);
  });
  return tr;
}
function stage(s) {
  const li = make("li", s.ready < s.configured ? "trouble" : "");
  const head = make("div");
  head.append(make("h3", "", s.stage), make("b", "", few(s.rate) + "/s"));
  const dl = make("dl");
  for (const [term, value] of [["waiting", s.queued], ["hop p50", micros(s.p50_us)], ["hop p99", micros(s.p99_us)],
      ["workers", s.ready + " of " + s.configured], ["restarts", s.restarts]])
    dl.append(make("dt", "", term), make("dd", "", String(value)));
  li.append(head, dl);
  return li;
}
function gauge(now, limit, sharedBy, what) {
  const box = make("span");
  if (!limit) { box.textContent = rate(now) + ", no limit"; return box; }
  // What each of several may take is no bound for all of them together.
  if (sharedBy !== "all") { box.textContent = rate(now) + ", " + rate(limit) + " each " + sharedBy; return box; }
  const meter = make("meter");
  meter.max = limit; meter.value = Math.min(now, limit); meter.setAttribute("aria-label", what);
  box.append(meter, " " + rate(now) + " of " + rate(limit));
  return box;
}
const NS = "http://www.w3.org/2000/svg";
function drawn(name, attributes) {
  const element = document.createElementNS(NS, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  return element;
}
function graph(name) {
  let g = graphs.get(name);
  if (g) return g;
  const figure = make("figure"), caption = make("figcaption"), svg = document.createElementNS(NS, "svg");
  svg.setAttribute("viewBox", "0 0 100 40");
  svg.setAttribute("preserveAspectRatio", "none");
  svg.setAttribute("role", "img");
  const minutes = drawn("g", { class: "minutes" }), axis = drawn("svg", { class: "axis", "aria-hidden": "true" });
  svg.append(minutes);
  const lines = ["up", "down"].map(way => {
    const line = drawn("polyline", { class: way, fill: "none", stroke: "currentColor", "stroke-width": "1.6", "vector-effect": "non-scaling-stroke" });
    svg.append(line);
    return line;
  });
  figure.append(caption, svg, axis);
  $("graphs").append(figure);
  g = { figure, caption, svg, minutes, axis, lines };
  graphs.set(name, g);
  return g;
}
// Where a time is, in hundredths of the width.
const place = (time, end) => 100 - 100 * (end - time) / SPAN;
function draw(g, past, l) {
  const most = Math.max(0, ...l.up, ...l.down), end = past.times.at(-1);
  ["up", "down"].forEach((way, i) => {
    const points = l[way].map((v, x) => place(past.times[x], end).toFixed(2) + "," + (39 - 37 * v / (most || 1)).toFixed(1));
    g.lines[i].setAttribute("points", points.join(" "));
  });
  const up = rate(l.up.at(-1) || 0), down = rate(l.down.at(-1) || 0);
  morph(g.caption, [make("strong", "", named(l.name)), make("span", "up", "↑ " + up), make("span", "down", "↓ " + down), make("span", "most", rate(most))]);
  g.svg.setAttribute("aria-label", "Throughput of " + l.name + " over the last five minutes: now " + up + " up and " + down + " down, at most " + rate(most));
  clock(g, end);
}
// A line at each full minute, and its time below; one at the greatest value, which stands above.
function clock(g, end) {
  const times = [], lines = [drawn("line", { x1: 0, x2: 100, y1: 2, y2: 2, "vector-effect": "non-scaling-stroke" })];
  for (let t = Math.ceil((end - SPAN) / MINUTE) * MINUTE; t <= end; t += MINUTE) {
    const x = place(t, end);
    lines.push(drawn("line", { x1: x.toFixed(2), x2: x.toFixed(2), y1: 0, y2: 40, "vector-effect": "non-scaling-stroke" }));
    if (x < 6 || x > 94) continue; // its time would stand out
    const label = drawn("text", { x: x.toFixed(2) + "%", y: "80%", "text-anchor": "middle" });
    label.textContent = when(t).slice(-8, -3);
    times.push(label);
  }
  g.minutes.replaceChildren(...lines);
  g.axis.replaceChildren(...times);
}
async function get(path) {
  const answer = await fetch(path, { cache: "no-store", signal: AbortSignal.timeout(8000) });
  if (!answer.ok) throw new Error(answer.status + " " + answer.statusText);
  return answer.json();
}
async function history() {
  const past = await get("page/history");
  const names = new Set(past.listeners.map(l => l.name));
  for (const [name, g] of graphs) if (!names.has(name)) { g.figure.remove(); graphs.delete(name); }
  for (const l of past.listeners) draw(graph(l.name), past, l);
}
function state(text, kind) {
  if ($("state").textContent !== text) $("state").textContent = text;
  $("state").className = "badge " + kind;
  document.body.classList.toggle("stale", text === NO_ANSWER);
  document.title = text + " – " + (host || location.host) + " – bouncer";
}
// Why the server is not ready, on top of all else.
function reasons(d) {
  const kind = d.state === "ready" ? "good" : d.state === "down" ? "bad" : "warn";
  state(d.state, kind);
  $("reasons").hidden = d.state === "ready";
  $("reasons").className = "reasons " + kind;
  const head = "The server is " + d.state;
  if ($("h-reasons").textContent !== head) $("h-reasons").textContent = head;
  rows("reasons-list", d.reasons.map(r => {
    const li = make("li");
    li.append(make("strong", "", r.what), make("span", "", ": " + r.detail + " "), make("span", "soft", "(since " + when(r.since) + ")"));
    return li;
  }));
}
const failure = e => e.what + ", " + when(e.last) + (e.count > 1 ? ", " + e.count + " times in a row" : "");
// The tables. Of a column: its heading, the value that it is sorted by, its cell where that is not the value itself
// (a text or node, or both with a class), n for figures, late for what comes last on a phone. Of a table: what
// comes first as long as nobody has chosen an order, the greater the sooner; among equals the order stays, as the
// sort is stable.
const plain = (head, value, cell) => ({ head, value, cell: cell || (x => named(String(value(x)))) });
const figure = (head, value, cell) => ({ head, value, cell: x => [cell ? cell(x) : String(value(x)), "n"], n: true });
const lost = m => m.state === "down" || m.state === "ejected";
const failed = m => m.connects.refused + m.connects.timeout + m.connects.error;
const failedLately = l => l.last_error && l.now - Date.parse(l.last_error.last) < SPAN;
const decision = x => x.acl === null ? "-" : x.acl + "/" + (x.rule === null ? "-" : x.rule);
const tables = {
  listeners: {
    first: failedLately,
    className: l => failedLately(l) ? "failing" : "",
    columns: [
      plain("Listener", l => l.name, listener),
      { ...plain("Listens at", l => [].concat(l.listen).join(", ")), late: true }, { ...plain("Target", l => l.target), late: true }, figure("Active", l => l.active),
      figure("New/s", l => l.accept_rate, l => few(l.accept_rate)), figure("Up/s", l => l.up_rate, l => size(l.up_rate)),
      figure("Down/s", l => l.down_rate, l => size(l.down_rate)), figure("Accepted", l => l.accepted), figure("Blocked", l => l.blocked),
      figure("Limited", l => l.limited), { ...figure("Failed", l => l.failed), cell: l => [String(l.failed), l.failed ? "n bad" : "n"] },
      figure("Set-up p50", l => l.p50_us, l => micros(l.p50_us)), figure("p99", l => l.p99_us, l => micros(l.p99_us)),
    ],
  },
  members: {
    first: m => lost(m) ? 3 : failedLately(m) ? 2 : m.state === "up" ? 0 : 1,
    className: m => lost(m) || failedLately(m) ? "failing" : m.state === "up" ? "" : "waiting",
    columns: [
      plain("Member", m => m.group + "/" + m.member, member),
      plain("State", m => m.state, m => [m.state, m.state === "up" ? "good" : lost(m) ? "bad" : "warn"]),
      plain("Since", m => m.since, m => when(m.since)), figure("Sessions", m => m.sessions, m => m.sessions + (m.max_sessions ? " of " + m.max_sessions : "")),
      { ...plain("Last check", m => m.last_check && m.last_check.what, check), late: true }, { ...plain("Address", m => m.address), late: true },
      plain("Balance", m => m.balance), figure("Weight", m => m.weight), figure("New/s", m => m.rate, m => few(m.rate)), figure("Connected", m => m.connects.ok),
      { ...figure("Failed", failed), cell: m => [String(failed(m)), failed(m) ? "n bad" : "n"] },
    ],
  },
  classes: {
    first: c => c.waiting > 0,
    className: c => c.waiting > 0 ? "waiting" : "",
    columns: [
      plain("Class", c => c.name), plain("Shared by", c => c.shared_by), figure("Sessions", c => c.sessions),
      { ...plain("Up", c => c.up_rate, c => gauge(c.up_rate, c.up, c.shared_by, c.name + " up")), most: true },
      { ...plain("Down", c => c.down_rate, c => gauge(c.down_rate, c.down, c.shared_by, c.name + " down")), most: true },
      figure("Waiting", c => c.waiting, c => few(c.waiting)),
    ],
  },
  limits: {
    first: () => false,
    className: () => "",
    columns: [
      plain("Limit", l => l.limit), plain("Of", l => l.of), figure("All", l => l.all, l => amount(l, l.all)), figure("Part", l => l.part, l => amount(l, l.part)),
      figure("Used", l => l.used, l => amount(l, l.used)), figure("Held by all", l => l.held_by_all, l => amount(l, l.held_by_all)),
      figure("Used by all", l => l.used_by_all, l => amount(l, l.used_by_all)),
    ],
  },
  workers: {
    first: w => w.state !== "ready",
    className: w => w.state === "throttled" ? "failing" : "",
    columns: [
      plain("Worker", w => w.name), plain("State", w => w.state, w => [w.state, w.state === "ready" ? "good" : w.state === "throttled" ? "bad" : "warn"]),
      figure("PID", w => w.pid), figure("Sessions", w => w.sessions), figure("CPU", w => w.cpu, w => (w.cpu * 100).toFixed(0) + " %"),
      figure("Memory", w => w.rss_bytes, w => size(w.rss_bytes)), { ...figure("Restarts", w => w.restarts), cell: w => [String(w.restarts), w.restarts ? "n warn" : "n"] },
    ],
  },
  sessions: {
    first: () => false,
    className: () => "",
    columns: [
      figure("Id", x => x.id), plain("Listener", x => x.listener), plain("Client", x => x.client), plain("Target", way),
      plain("Rule", decision), plain("Class", x => x.bandwidth || "–"), plain("State", x => x.state), figure("Age", x => x.age_ms, x => span(x.age_ms)),
      figure("Idle", x => x.idle_ms, x => span(x.idle_ms)), figure("Up", x => x.bytes_up, x => size(x.bytes_up)), figure("Down", x => x.bytes_down, x => size(x.bytes_down)),
    ],
  },
};
// With the member of a group, the address that was chosen of a list, and the chain that leads there.
function way(x) {
  const target = !x.member ? x.target : x.target.startsWith("group:") ? x.target + "/" + x.member : x.server;
  return x.via ? target + " via " + x.via : target;
}
// The last failure stands below the name, and not in the last column, which is the first to be out of sight.
function withFailure(name, x) {
  if (!x.last_error) return name;
  const both = make("div");
  both.append(make("div", "", name), make("div", failedLately(x) ? "why bad" : "why soft", failure(x.last_error)));
  return both;
}
function listener(l) { return withFailure(named(l.name), l); }
function member(m) {
  const name = named(m.group + "/" + m.member);
  if (!m.backup) return withFailure(name, m);
  const both = make("span");
  both.append(name, make("span", "soft", " backup"));
  return withFailure(both, m);
}
function check(m) {
  if (!m.last_check) return "–";
  return [m.last_check.what + ", " + when(m.last_check.at), m.last_check.ok ? "" : "bad"];
}
const collator = new Intl.Collator(undefined, { numeric: true });
function compare(a, b) {
  if (a === null || b === null) return (a === null) - (b === null); // nothing is last, or first upside down
  return typeof a === "number" ? a - b : collator.compare(a, b);
}
function ordered(table, items) {
  const { first, sort } = table;
  if (!sort) return [...items].sort((a, b) => Number(first(b)) - Number(first(a)));
  return [...items].sort((a, b) => (sort.descending ? -1 : 1) * compare(sort.column.value(a), sort.column.value(b)));
}
const columns = table => narrow.matches ? [...table.columns].sort((a, b) => Boolean(a.late) - Boolean(b.late)) : table.columns;
function fill(id, items) {
  const table = tables[id], shown = columns(table);
  table.items = items;
  rows(id, ordered(table, items).map(x => row(shown.map(c => c.cell(x)), table.className(x))));
}
// Figures begin with the greatest, names with A; then the other way round, then as it was.
function turnOver(table, column) {
  const downFirst = Boolean(column.n || column.most);
  const now = table.sort && table.sort.column === column ? table.sort : null;
  if (!now) table.sort = { column, descending: downFirst };
  else if (now.descending === downFirst) table.sort = { column, descending: !downFirst };
  else table.sort = null;
}
function heads(id) {
  const table = tables[id];
  const all = columns(table).map(column => {
    const button = make("button", "", column.head), th = make("th", column.n ? "n" : "", button);
    button.type = "button";
    th.scope = "col";
    button.addEventListener("click", () => {
      turnOver(table, column);
      marks();
      fill(id, table.items || []);
      button.closest(".scroll").scrollTop = 0; // to what is first now
    });
    return { column, th };
  });
  function marks() {
    for (const { column, th } of all) {
      if (table.sort && table.sort.column === column) th.setAttribute("aria-sort", table.sort.descending ? "descending" : "ascending");
      else th.removeAttribute("aria-sort");
    }
  }
  marks();
  $(id).parentElement.tHead.rows[0].replaceChildren(...all.map(each => each.th));
}
// On a phone listeners come first: whoever looks at one wants to know who is not served.
function arrange() {
  if (narrow.matches) $("stages").before($("all-listeners"), $("all-members"));
  else $("throughput").after($("all-listeners"), $("all-members"));
  for (const id of Object.keys(tables)) {
    heads(id);
    fill(id, tables[id].items || []);
  }
}
function members(d) {
  $("all-members").hidden = d.members.length === 0;
  const up = d.members.filter(m => m.state === "up").length;
  $("members-up").textContent = up + " of " + d.members.length + " up";
  fill("members", d.members.map(m => ({ ...m, now: d.time_ms })));
}
const amount = (l, number) => l.limit === "up" || l.limit === "down" ? size(number) : String(number);
function cluster(c) {
  $("all-limits").hidden = !c;
  if (!c) return;
  const away = c.state === "away", known = away ? " when last reached" : "";
  morph($("cluster"), [
    make("span", "", c.name + ": "), make("span", away ? "bad" : c.state === "held" ? "good" : "warn", c.state),
    make("span", "", ", " + c.servers + (c.servers === 1 ? " server" : " servers") + known + ", parts "
      + (c.lease_age_ms === null ? "none yet" : span(c.lease_age_ms) + " old") + (away ? ", when-away = " + c.when_away : "")),
  ]);
  morph($("servers"), c.members.map(m => make("li", m.server === c.server ? "own" : "",
    m.server + (m.server === c.server ? " (this server)" : away || m.heard_ms >= 2000 ? ", heard " + span(m.heard_ms) + " ago" : ""))));
  fill("limits", c.limits);
}
function show(d) {
  host = d.host;
  morph($("host"), d.host ? [make("span", "", named(d.host))] : []);
  reasons(d);
  $("summary").textContent = "version " + d.version + ", pid " + d.pid + ", up " + span(d.uptime_s * 1000)
    + ", configuration " + d.epoch + ", " + d.limits.active + " of " + d.limits.max_sessions + " sessions, state travels " + d.state_transfer.mode
    + ", " + d.spares.ready + " of " + d.spares.configured + " spare workers ready";
  rows("pipeline", d.stages.map(stage));
  fill("listeners", d.listeners.map(l => ({ ...l, now: d.time_ms })));
  members(d);
  cluster(d.cluster);
  fill("workers", d.workers);
  $("no-classes").hidden = d.classes.length > 0;
  $("with-classes").hidden = d.classes.length === 0;
  fill("classes", d.classes);
  const t = [], paused = d.accept_pauses.descriptors + d.accept_pauses.records;
  if (d.access_log.lines_left_out) t.push(d.access_log.lines_left_out + " access log lines were left out");
  if (d.server_log.lines_left_out) t.push(d.server_log.lines_left_out + " server log lines were left out");
  if (paused) t.push("accepting paused " + paused + " times for want of descriptors or records");
  if (d.all_workers.limit_table_full) t.push(d.all_workers.limit_table_full + " sessions were refused because their source could not be counted");
  $("trouble").hidden = t.length === 0;
  if ($("trouble-text").textContent !== t.join("; ")) $("trouble-text").textContent = t.join("; ");
}
let asked = 0;
async function sessions(typed) {
  const ask = ++asked;
  const s = await get("page/sessions?filter=" + encodeURIComponent($("filter").value));
  if (ask !== asked) return; // a later filter has been asked for
  const text = s.matching + " of " + s.total + (s.matching > s.sessions.length ? ", the first " + s.sessions.length + " shown" : "");
  if ($("count").textContent !== text) $("count").textContent = text;
  if (typed) $("found").textContent = text; // said aloud to who has asked, not every two seconds
  fill("sessions", s.sessions);
}
let busy = false;
async function turn() {
  if (busy || document.hidden) return;
  busy = true;
  try {
    show(await get("page/now"));
    await history();
    await sessions();
  } catch (e) {
    state(NO_ANSWER, "bad");
  } finally {
    busy = false;
  }
}
let typing;
$("filter").addEventListener("input", () => { clearTimeout(typing); typing = setTimeout(() => sessions(true).catch(() => state(NO_ANSWER, "bad")), 200); });
document.addEventListener("visibilitychange", turn);
narrow.addEventListener("change", arrange);
arrange();
setInterval(turn, STEP);
turn();

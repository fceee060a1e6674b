"use strict";
const PAGE = 100;
// Eight lines that differ in colour, dash and label.
const LINES = ["#0072b2", "#e69f00", "#009e73", "#d55e00", "#cc79a7", "#56b4e9", "#8a7d00", "#7b7b7b"];
const DASHES = ["", "7 3", "2 3", "9 3 2 3", "12 4", "4 2", "1 4", "8 2 2 2 2 2"];
let seen = new Set(), first = true, state = {}, further = [], curvesOf = -1, looking = 0;

function row(r) {
  const s = r.score, tr = element("tr", undefined, r.place === 1 ? "first" : "");
  if (r.place <= state.finalists && state.phase) tr.classList.add("in");
  if (!first && !seen.has(r.submission)) tr.classList.add("new");
  tr.append(element("td", r.place, "rank"));
  const name = element("th", r.participant, "name");
  name.scope = "row";
  tr.append(name);
  const rate = element("td", undefined, "rate"), line = element("div");
  line.append(element("strong", percent(s.win_rate)), rateBar(s.win_rate, s.low, s.high),
    element("span", Math.round(100 * s.low) + " to " + percent(s.high), "range"));
  rate.append(line);
  tr.append(rate);
  const tries = state.quota ? r.submissions + " of " + state.quota : r.submissions;
  const gap = r.gap > 0 ? "−" + Math.round(100 * r.gap) : "";
  const even = s.length_controlled_win_rate;
  for (const value of [gap, even === null || even === undefined ? "–" : percent(even), r.rank, s.wins, s.ties, s.losses, s.flips, tries]) tr.append(element("td", value, "detail"));
  return tr;
}

function show(told) {
  state = { ...state, ...told };
  if (told.rows && byId("find").value.trim()) { look(); return; }
  if (told.rows) {
    further = [];
    table(told.rows, told.teams);
    seen = new Set(told.rows.map(r => r.submission));
    first = false;
    judges(told.rows);
    service(told.rows);
    if (told.standings_revision !== curvesOf) { curvesOf = told.standings_revision; curves(); }
  }
  byId("title").textContent = state.title || "Standings";
  document.title = state.title || "Standings";
  byId("what").textContent = state.domain.split("/").pop().replaceAll("-", " ") + ", " + state.questions + " hidden questions";
  phase();
  queue();
}

function phase() {
  const parts = [];
  if (state.phase) parts.push(state.phase_title + (state.ranked_open ? "." : ": no ranked submissions are taken now."));
  if (state.next_phase)
    parts.push("Next: " + state.next_phase.title + ", " + new Date(1000 * state.next_phase.starts).toLocaleString() + ".");
  if (state.phase && state.teams)
    parts.push("The first " + state.finalists + " (green edge) go to the finale.");
  byId("phase").textContent = parts.join(" ");
  byId("phase").hidden = parts.length === 0;
}

function table(rows, teams) {
  byId("rows").replaceChildren(...rows.map(row));
  byId("empty").hidden = teams > 0;
  byId("tools").hidden = teams === 0;
  byId("caption").textContent = teams
    ? teams.toLocaleString() + (teams === 1 ? " participant" : " participants") + ", each with the best of their tries"
    : "";
  byId("paging").hidden = rows.length >= state.found;
  byId("shown").textContent = rows.length + " of " + state.found + " shown";
}

function judges(rows) {
  const told = [...new Set(rows.map(r => r.judge + " against " + r.against))];
  const local = rows.some(r => (r.judge + r.reference).includes("workshop."));
  byId("judge").textContent = told.length
    ? "Judged by " + told.join("; ") + "." + (local
      ? " These are local stand-ins: the judge follows rules, and the reference is a small model on this machine, not a"
        + " 90B one." : "")
    : "";
}

function queue() {
  byId("queued").textContent = "Being judged" + (state.waiting > state.under_way.length
    ? " (" + state.waiting + ", the first " + state.under_way.length + " shown)" : "");
  byId("noise").textContent = state.noise || "";
  byId("queue").replaceChildren(...state.under_way.map(w => {
    const li = element("li"), p = element("progress");
    p.max = w.questions; p.value = w.judged;
    p.setAttribute("aria-label", w.participant + ": " + w.judged + " of " + w.questions + " questions judged");
    const set = w.set === "practice" ? " practice questions" : "";
    li.append(element("span", w.participant), p, element("small", w.judged + " of " + w.questions + set));
    return li;
  }));
  byId("waiting").hidden = state.under_way.length === 0;
}

function service(rows) {
  const number = (x, digits) => x === null || x === undefined ? "–" : x.toLocaleString(undefined, { maximumSignificantDigits: digits });
  const line = (label, s) => {
    const tr = element("tr"), name = element("th", label, "name");
    name.scope = "row";
    tr.append(name);
    const tokens = s.tokens_out === null ? "–" : (s.tokens_estimated ? "~" : "") + Math.round(s.tokens_out);
    const usd = s.usd_per_answer === null ? "–" : number(1000 * s.usd_per_answer, 3);
    for (const value of [number(s.seconds_p50, 2), number(s.seconds_p90, 2), tokens, usd]) tr.append(element("td", value));
    return tr;
  };
  const known = rows.filter(r => r.service).slice(0, 5);
  byId("service").hidden = known.length === 0;
  if (!known.length) return;
  const lines = known.map(r => line(r.participant, r.service));
  byId("figures").replaceChildren(...lines, line("Reference: " + known[0].against, known[0].service.reference));
}

async function curves() {
  let told;
  try { told = await fetchJson("api/progress"); } catch (problem) { return; }
  const teams = told.teams.filter(t => t.steps.length).slice(0, LINES.length);
  const times = teams.flatMap(t => t.steps.map(s => s[0]));
  byId("progress").hidden = times.length < 2;
  if (times.length < 2) return;
  const svg = byId("curves"), W = Math.max(320, svg.clientWidth || 900), H = 300;
  const left = 46, right = Math.min(190, 0.36 * W), top = 14, bottom = 34;
  const from = Math.min(...times), until = Math.max(...times, from + 1);
  const x = t => left + (W - left - right) * (t - from) / (until - from);
  const y = r => top + (H - top - bottom) * (1 - r);
  svg.setAttribute("viewBox", `0 0 ${W} ${H}`);
  const parts = [];
  for (const r of [0, .25, .5, .75, 1]) {
    parts.push(shape("line", { x1: left, x2: W - right, y1: y(r), y2: y(r), stroke: "var(--line)" }));
    parts.push(shape("text", { x: left - 8, y: y(r) + 4, "text-anchor": "end" }, percent(r)));
  }
  const clock = t => new Date(1000 * t).toLocaleString(undefined, until - from > 86400
    ? { day: "numeric", month: "short" } : { hour: "2-digit", minute: "2-digit" });
  for (const [t, anchor] of [[from, "start"], [until, "end"]])
    parts.push(shape("text", { x: x(t), y: H - 10, "text-anchor": anchor }, clock(t)));
  const ends = [];
  teams.forEach((t, n) => {
    let d = "";
    t.steps.forEach(([at, rate], k) => { d += k ? `H${x(at)}V${y(rate)}` : `M${x(at)} ${y(rate)}`; });
    d += `H${x(until)}`;
    parts.push(shape("path", { d, fill: "none", stroke: LINES[n], "stroke-width": 2.5, "stroke-dasharray": DASHES[n] }));
    t.steps.forEach(([at, rate]) => parts.push(shape("circle", { cx: x(at), cy: y(rate), r: 3.5, fill: LINES[n] })));
    ends.push({ n, at: y(t.steps.at(-1)[1]), name: t.participant });
  });
  ends.sort((a, b) => a.at - b.at);
  let last = 0;
  for (const end of ends) {
    last = Math.max(last + 16, end.at, top + 4);
    end.label = last;
  }
  for (const { n, at, label, name } of ends) {
    const most = Math.floor((right - 22) / 8), short = name.length > most ? name.slice(0, most - 1) + "…" : name;
    parts.push(shape("path", { d: `M${W - right} ${at}L${W - right + 14} ${label}`, stroke: LINES[n], fill: "none" }));
    parts.push(shape("text", { x: W - right + 19, y: label + 4 }, short));
  }
  svg.replaceChildren(...parts);
  byId("steps").tBodies[0].replaceChildren(...teams.flatMap(t => t.steps.map(([at, rate]) => {
    const tr = element("tr"), name = element("th", t.participant, "name");
    name.scope = "row";
    tr.append(name, element("td", new Date(1000 * at).toLocaleString()), element("td", percent(rate)));
    return tr;
  })));
}

async function look() {
  const find = byId("find").value.trim(), mine = ++looking;
  try {
    const told = await fetchJson("api/standings?limit=" + PAGE + "&find=" + encodeURIComponent(find));
    if (mine !== looking) return;
    state = { ...state, ...told };
    further = [];
    table(told.rows, told.teams);
  } catch (problem) { byId("shown").textContent = problem.message; }
}

byId("find").addEventListener("input", () => { clearTimeout(look.soon); look.soon = setTimeout(look, 250); });
byId("tools").addEventListener("submit", event => event.preventDefault());
byId("more").addEventListener("click", async () => {
  const find = byId("find").value.trim(), shown = byId("rows").children.length;
  try {
    const told = await fetchJson(`api/standings?limit=${PAGE}&offset=${shown}&find=` + encodeURIComponent(find));
    byId("rows").append(...told.rows.map(row));
    const now = byId("rows").children.length;
    byId("paging").hidden = now >= told.found;
    byId("shown").textContent = now + " of " + told.found + " shown";
  } catch (problem) { byId("shown").textContent = problem.message; }
});

function big(on) {
  document.body.classList.toggle("big", on);
  byId("big").setAttribute("aria-pressed", on);
}
byId("big").addEventListener("click", () => big(!document.body.classList.contains("big")));
big(new URLSearchParams(location.search).get("screen") === "big");

live("api/stream", "api/standings", show, sayLive);

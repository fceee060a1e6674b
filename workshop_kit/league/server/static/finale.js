// Helpers of the finale's pages. Time is the server's: pages only show how far it is.
"use strict";
const API = "../api/finale";
const PARTS = { llm: "LLM judge", experts: "Experts", audience: "Audience" };
const WORDS = {
  waiting: "The next question is coming", open: "The contestants ask their models", paused: "Paused",
  closed: "Time is up", voting: "The answers are being judged and voted on", counted: "The votes are in", revealed: "The result", skipped: "Skipped",
};
let offset = 0;

// The server's clock, from the exchange with the shortest way there and back; gives whether there was one.
async function syncClock(times = 4) {
  let best = Infinity;
  for (let n = 0; n < times; n++) {
    const sent = performance.now();
    try {
      const told = await fetchJson(API + "/clock", { cache: "no-store" });
      const took = performance.now() - sent;
      if (took < best) { best = took; offset = told.now * 1000 + took / 2 - Date.now(); }
    } catch (problem) { break; }
  }
  return best < Infinity;
}

function secondsLeft(round) {
  if (!round) return null;
  if (round.phase === "paused") return round.remaining;
  if (round.phase !== "open" || round.deadline === null) return null;
  // The clock is known to a few milliseconds only: a round of 60 seconds must not begin at 1:01.
  return Math.min(round.length, Math.max(0, round.deadline - (Date.now() + offset) / 1000));
}

function minutes(seconds) {
  const whole = Math.ceil(seconds);
  return Math.floor(whole / 60) + ":" + String(whole % 60).padStart(2, "0");
}

// Shows the countdown of `shown()`'s round a few times a second; says only its milestones aloud.
function countdown(shown) {
  const timer = byId("timer"), aloud = byId("milestone");
  let before = null, which = "";
  const tick = () => {
    const view = shown(), round = view && view.round, left = secondsLeft(round);
    timer.hidden = left === null;
    if (left === null) { before = null; return; }
    timer.textContent = minutes(left) + (round.phase === "paused" ? " · paused" : "");
    timer.classList.toggle("soon", left <= 10 && round.phase === "open");
    timer.style.setProperty("--left", round.length ? left / round.length : 0);
    const name = round.number + "/" + round.opening;
    if (name !== which) { which = name; before = null; }
    for (const mark of [60, 30, 10, 0])
      if (before !== null && before > mark && left <= mark)
        aloud.textContent = mark ? mark + " seconds left" : "Time is up";
    before = left;
  };
  const keepClock = async times => {
    const learned = await syncClock(times);
    tick();
    setTimeout(() => keepClock(learned ? 2 : 4), learned ? 60000 : 2000);
  };
  setInterval(tick, 200);
  keepClock(4);
}

const drawn = new WeakMap();

// Whether what a box shows is something else than when this was asked last.
function news(box, told) {
  const said = JSON.stringify(told);
  if (drawn.get(box) === said) return false;
  drawn.set(box, said);
  return true;
}

// Fills a box with what `make` gives, only if that is something else than before. The focus stays on what has the same
// data-key, or one with the same beginning up to a /; what has data-scroll stays scrolled.
function redraw(box, told, make) {
  if (!news(box, told)) return;
  const at = box.contains(document.activeElement) && document.activeElement.dataset.key, scrolled = {};
  for (const e of box.querySelectorAll("[data-scroll]")) scrolled[e.dataset.scroll] = [e.scrollTop, e.scrollLeft];
  box.replaceChildren(...make());
  for (const e of box.querySelectorAll("[data-scroll]")) [e.scrollTop, e.scrollLeft] = scrolled[e.dataset.scroll] || [0, 0];
  if (!at) return;
  const keyed = [...box.querySelectorAll("[data-key]")].filter(e => !e.disabled), first = key => key.split("/")[0];
  const again = keyed.find(e => e.dataset.key === at) || keyed.find(e => first(e.dataset.key) === first(at));
  if (again) again.focus({ preventScroll: true });
}

// Single keys act unless their checkbox is off, which this browser remembers, and never while somebody types.
function keysAct(event) {
  const typing = event.target.matches("textarea, select, input:not([type=checkbox])");
  return byId("keys-on").checked && !typing && !event.ctrlKey && !event.altKey && !event.metaKey;
}

function offerKeys() {
  const box = byId("keys-on");
  try { box.checked = localStorage.getItem("finale-keys") !== "off"; } catch (problem) { /* private windows keep nothing */ }
  box.addEventListener("change", () => {
    try { localStorage.setItem("finale-keys", box.checked ? "on" : "off"); } catch (problem) { /* as above */ }
  });
}

function key() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return [...bytes].map(b => b.toString(16).padStart(2, "0")).join("");
}

function trouble(problem) {
  const box = byId("problem");
  box.hidden = !problem;
  box.textContent = problem ? (problem.message || String(problem)) : "";
}

// One request that changes something, sent once the ones before it are answered, so that what is pressed is done in the
// order of the presses; its refusal is shown as the sentence that came.
let before = Promise.resolve();
function act(path, body, method = "POST") {
  const mine = before.then(async () => {
    try {
      const told = await fetchJson(API + path, { method, body, wait: 10000 });
      trouble(null);
      return told;
    } catch (problem) {
      trouble(problem);
      return null;
    }
  });
  before = mine;
  return mine;
}

// Whether a view is older than the one that is shown: the answer to a press may come after the stream told of more.
let newest = [];
function late(view) {
  const version = view.version || [], n = version.findIndex((number, at) => number !== newest[at]);
  if (newest.length && n >= 0 && version[n] < newest[n]) return true;
  newest = version;
  return false;
}

// Shows the view at `path` from now on, with its countdown. What a new connection says first counts whatever was shown:
// the league may have come back from an older copy.
function follow(path, show) {
  countdown(() => view);
  live(API + path + "/stream", API + path, show, sayLive, () => { newest = []; });
}

// Starts `go` when the page's own view can be read, else asks for a token. A link may bring one: #token=...
async function enter(path, go) {
  const form = byId("signin"), bring = () => location.hash.match(/^#token=([\w-]{1,200})$/), brought = bring();
  addEventListener("hashchange", () => { if (bring()) location.reload(); });
  if (brought) {
    history.replaceState(null, "", location.pathname + location.search);
    await fetchJson("../api/session", { body: { token: brought[1] } }).catch(trouble);
  }
  const attempt = async () => {
    const reply = await fetch(API + path, { cache: "no-store" }).catch(() => null);
    if (!reply) { sayLive("Reconnecting…", false); setTimeout(attempt, 2000); return; }
    const told = await reply.json().catch(() => ({}));
    if (reply.status === 401 || reply.status === 403) {
      form.hidden = false;
      sayLive("Not signed in", false);
      if (reply.status === 403) trouble(told.error);
      return;
    }
    form.hidden = true;
    trouble(null);
    go(reply.ok ? told : null);
  };
  form.addEventListener("submit", async event => {
    event.preventDefault();
    try {
      await fetchJson("../api/session", { body: { token: byId("token").value.trim() } });
      byId("token").value = "";
      trouble(null);
      attempt();
    } catch (problem) { trouble(problem); }
  });
  attempt();
}

// What every page shows: title, round, phase, question. Gives whether there is a finale.
let out = false;
function frame(view) {
  const wasOut = out;
  out = Boolean(view && view.out);
  if (out) trouble({ message: view.problem }); else if (wasOut) trouble(null);
  const there = Boolean(view && view.finale), round = there ? view.round : null;
  if (there && view.over) document.body.dataset.over = ""; else delete document.body.dataset.over;
  byId("title").textContent = there ? view.title : "Finale";
  byId("rehearsal").hidden = !(there && view.rehearsal);
  byId("where").textContent = round ? "Round " + round.number + " of " + view.rounds : "";
  byId("state").textContent = there ? stateWords(view)
    : view && view.problem || "The finale has not been made yet. This page changes by itself.";
  const question = byId("question");
  question.hidden = !(round && round.question);
  if (!question.hidden) question.textContent = round.question;
  return there;
}

function stateWords(view) {
  const round = view.round;
  if (view.over && view.standing.length) {
    const first = view.standing.filter(place => place.rank === 1).map(place => place.contestant);
    return (first.length === 1 ? "The winner: " : "The first place is shared: ") + first.join(", ");
  }
  if (view.over) return "The finale is over";
  if (round.phase === "revealed" && view.played < view.rounds) return "The result of round " + round.number;
  if (round.phase === "skipped") return "Round " + round.number + " was skipped" + (round.reason ? ": " + round.reason : "");
  if (round.phase === "closed" && !round.settled) return "Time is up. The last answers are still arriving";
  if (round.phase === "closed") return "Time is up. The answers are with the LLM judge";
  return WORDS[round.phase];
}

const points = x => x === null || x === undefined ? "–" : x.toFixed(1);

// A bar of weighted parts, as long as the points; the numbers stand beside it as text.
function pointsBar(row, shares, shown) {
  const svg = shape("svg", { class: "points", "aria-hidden": "true", viewBox: "0 0 100 10", preserveAspectRatio: "none" });
  svg.append(shape("rect", { x: 0, y: 0, width: 100, height: 10, class: "track" }));
  let at = 0;
  for (const part of shown) {
    const width = (shares[part] || 0) * (row[part] || 0);
    if (width > 0) svg.append(shape("rect", { x: at, y: 0, width, height: 10, class: "part " + part }));
    at += width;
    if (width > 0 && at < 100) svg.append(shape("rect", { x: at - .25, y: 0, width: .5, height: 10, class: "gap" }));
  }
  return svg;
}

function legend(shares, shown) {
  const list = element("ul", undefined, "legend");
  for (const part of shown) {
    const item = element("li");
    const share = shares[part] === undefined ? "not counted" : Math.round(100 * shares[part]) + " %";
    item.append(element("i", undefined, "part " + part), PARTS[part] + ", " + share);
    list.append(item);
  }
  return list;
}

function cells(tag, values, scope) {
  const row = element("tr");
  for (const value of values) {
    const cell = element(tag, value && value.nodeType ? undefined : value);
    if (value && value.nodeType) cell.append(value);
    if (scope) cell.scope = scope;
    row.append(cell);
  }
  return row;
}

// A wide table scrolls inside its box, by the keyboard too.
function scroller(table, label) {
  const scroll = element("div", undefined, "scroll");
  scroll.tabIndex = 0;
  scroll.dataset.key = scroll.dataset.scroll = label;
  scroll.setAttribute("role", "region");
  scroll.setAttribute("aria-label", label);
  scroll.append(table);
  return scroll;
}

// The result of the round as far as it is shown, in a box.
function showReveal(box, view) {
  const told = view.round && view.round.reveal;
  box.hidden = !told;
  redraw(box, told && [told, view.round.number, view.round.reference], () => told ? revealed(told, view) : []);
}

function revealed(told, view) {
  const named = told.rows.some(row => row.name !== undefined);
  const rows = [...told.rows].sort((a, b) => named ? b.points - a.points : a.letter < b.letter ? -1 : 1);
  const table = element("table", undefined, "result");
  table.append(element("caption", named ? "Round " + view.round.number : "What is known so far; nobody's name yet"));
  const head = element("thead"), body = element("tbody");
  head.append(cells("th", ["Answer", "Points by part", ...told.parts.map(part => PARTS[part]), ...(named ? ["Points"] : [])], "col"));
  head.querySelectorAll("th")[1].className = "bar";
  for (const row of rows) {
    const line = element("tr"), name = element("th", undefined, "name");
    name.scope = "row";
    name.append(element("b", row.letter, "letter"), named ? row.name : "");
    const bar = element("td", undefined, "bar");
    bar.append(pointsBar(row, told.shares, told.parts));
    line.append(name, bar);
    for (const part of told.parts) {
      const cell = element("td", points(row[part]));
      if (part === "audience") cell.append(element("small", row.votes + (row.votes === 1 ? " vote" : " votes")));
      if (part === "llm" && row.override) cell.append(element("small", "by a human"));
      line.append(cell);
    }
    if (named) line.append(element("td", points(row.points), "sum"));
    body.append(line);
  }
  table.append(head, body);
  const parts = [scroller(table, "Result of the round"), legend(told.shares, told.parts)];
  const notes = element("ul", undefined, "notes");
  for (const row of rows)
    if (row.override) notes.append(element("li", "Answer " + row.letter + ": a human gave " + row.override.score
      + " in the place of the LLM judge's " + (row.judge_score === null ? "missing score" : points(row.judge_score)) + ": " + row.override.reason));
  for (const note of told.notes) notes.append(element("li", note));
  for (const name of told.without_answer) notes.append(element("li", name + " had no answer."));
  if (view.round.reference) notes.append(element("li", "Reference answer: " + view.round.reference));
  return notes.children.length ? [...parts, notes] : parts;
}

// The overall standing, in a box; hidden before the first result.
function showStanding(box, view) {
  box.hidden = !view.standing.length;
  redraw(box, [view.standing, view.over, view.played], () => box.hidden ? [] : [standingOf(view)]);
}

function standingOf(view) {
  const table = element("table", undefined, "result");
  table.append(element("caption", view.over ? "Final standing" : "Standing after " + view.played + (view.played === 1 ? " round" : " rounds")));
  const head = element("thead"), body = element("tbody");
  head.append(cells("th", ["#", "Contestant", "Points", "LLM judge", "Experts", "Audience"], "col"));
  head.querySelectorAll("th")[1].className = "name";
  for (const place of view.standing) {
    const line = element("tr", undefined, place.rank === 1 ? "first" : ""), name = element("th", place.contestant, "name");
    name.scope = "row";
    if (place.tie) name.append(element("small", "equal points, ordered by " + place.tie));
    line.append(element("td", place.rank, "rank"), name);
    line.append(element("td", points(place.points), "sum"));
    for (const value of [place.llm, place.experts, place.audience]) line.append(element("td", points(value)));
    body.append(line);
  }
  table.append(head, body);
  return scroller(table, "Standing");
}

// Blind answers as cards; `more(card, answer)` adds what a page does with them. Cards are kept while the answers stay.
function answerCards(box, view, more) {
  const round = view.round, there = round && ["voting", "counted"].includes(round.phase) ? round.answers : [];
  const name = JSON.stringify([view.finale, round && round.number, round && round.opening, there]);
  if (box.dataset.name === name) return;
  box.dataset.name = name;
  box.replaceChildren(...there.map(answer => {
    const card = element("article", undefined, "card answer");
    card.dataset.letter = answer.letter;
    card.setAttribute("aria-label", "Answer " + answer.letter);
    card.append(element("h2", answer.letter, "letter"), element("p", answer.text || "(an empty answer)", "text"));
    if (more) more(card, answer);
    return card;
  }));
}

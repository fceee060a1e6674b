// The director's console: what is happening, what may be done now, one big button for what usually comes next.
"use strict";
let view = null, another = false;
const REVEALS = ["Show the LLM judge's scores", "Show the experts' scores", "Show the audience's votes", "Show names and points"];
const following = () => view.agenda.find(r => r.phase === "waiting");
// name: [key, label, what to send]; "reason" asks for one first.
const ACTIONS = {
  open: ["o", () => "Open round " + (following() ? following().number : ""), () => send("open", following().number)],
  pause: ["p", () => "Pause", () => send("pause")],
  resume: ["p", () => "Go on", () => send("resume")],
  extend: ["e", () => "15 seconds more", () => send("extend", 0, { seconds: 15 })],
  close: ["c", () => "Time is up now", () => send("close")],
  start_voting: ["v", () => view.round.phase === "counted" ? "Go on with the vote" : "Start the vote", () => send("start_voting")],
  close_voting: ["b", () => "Close the vote", () => send("close_voting")],
  reveal: ["r", () => REVEALS[view.round.step] || "Reveal", () => send("reveal", 0, { step: view.round.step + 1 })],
  judge_again: ["j", () => "Ask the LLM judge again", () => send("judge_again")],
  reopen: ["a", () => "Open round " + view.round.number + " again", () => because("Open round " + view.round.number + " again", reason => send("reopen", 0, { reason }))],
  skip: ["s", () => "Skip round " + skipped(), () => because("Skip round " + skipped(), reason => send("skip", skipped(), { reason }))],
};
const skipped = () => ["waiting", "revealed", "skipped"].includes(view.round.phase) ? (following() || view.round).number : view.round.number;
const USUAL = { waiting: "open", open: null, paused: "resume", closed: "start_voting", voting: "close_voting", counted: "reveal", revealed: "open", skipped: "open" };

async function send(action, round, more) {
  const told = await act("/director/" + action, { round: round || view.round.number, key: key(), ...more });
  if (told) show(told);
}

function because(title, go, score) {
  const box = byId("reason-box");
  byId("reason-title").textContent = title;
  byId("reason-score-box").hidden = score === undefined;
  byId("reason-score").required = score !== undefined;
  byId("reason-score").value = score === undefined || score === null ? "" : score;
  byId("reason-text").value = "";
  box.onclose = () => {
    if (box.returnValue === "yes") go(byId("reason-text").value, Number(byId("reason-score").value));
  };
  box.returnValue = "";
  box.showModal();
  (score === undefined ? byId("reason-text") : byId("reason-score")).focus();
}

byId("reason-form").addEventListener("submit", event => {
  event.preventDefault();
  byId("reason-box").close(event.submitter ? event.submitter.value : "yes");
});

function show(told) {
  if (late(told)) return;
  view = told;
  const there = frame(told);
  byId("create").hidden = there && !another || Boolean(told.out);
  byId("new-instead-box").hidden = !there;
  byId("desk").hidden = !there;
  if (!there) return;
  drawButtons();
  drawPeople();
  drawCounts();
  drawVerdicts();
  drawAgenda();
  showReveal(byId("reveal"), told);
  showStanding(byId("standing"), told);
  // What somebody types stays until it says something else on the server.
  if (news(byId("weights"), [told.finale, told.weights]))
    for (const part of Object.keys(PARTS)) byId("w-" + part).value = told.weights[part];
  const names = told.people.map(p => p.name);
  redraw(byId("seat-names"), names, () => names.map(name => { const o = element("option"); o.value = name; return o; }));
  if (news(byId("address"), [told.finale, told.settings.public_url])) byId("public-url").value = told.settings.public_url;
  once(byId("audience-url"), [told.finale, told.settings.public_url], async link => {
    link.textContent = link.href = (await fetchJson("address")).url;
  });
  once(byId("finales"), told.finale, drawFinales);
}

// Asks the league for what a box shows, once as long as it is the same; what failed is asked for again.
function once(box, told, ask) {
  if (news(box, told)) ask(box).catch(() => drawn.delete(box));
}

// The buttons stay the same ones, so that neither a press nor the focus is lost when something changes.
const BUTTONS = Object.entries(ACTIONS).map(([name, [pressed, , go]]) => {
  const button = element("button");
  button.type = "button";
  button.dataset.action = name;
  button.append(element("span"), " ", element("kbd", pressed.toUpperCase()));
  button.addEventListener("click", () => go());
  return button;
});
byId("buttons").append(...BUTTONS);

function drawButtons() {
  const usual = USUAL[view.round.phase], next = byId("next"), why = usual ? view.may[usual] : null;
  next.textContent = view.over ? "The finale is over" : usual ? ACTIONS[usual][1]() : "The countdown is running";
  next.disabled = view.over || !usual || why !== null;
  byId("next-why").textContent = view.over || next.disabled && !usual ? "" : why || "or press N";
  const held = BUTTONS.find(button => button === document.activeElement);
  for (const button of BUTTONS) {
    const name = button.dataset.action, reason = view.may[name];
    button.firstChild.textContent = ACTIONS[name][1]();
    button.disabled = reason !== null;
    button.hidden = (name === "resume") !== (view.round.phase === "paused") && ["pause", "resume"].includes(name);
    button.title = reason || "";
  }
  if (held && (held.hidden || held.disabled)) {
    const letter = ACTIONS[held.dataset.action][0];
    (BUTTONS.find(button => !button.hidden && !button.disabled && ACTIONS[button.dataset.action][0] === letter) || next).focus();
  }
  const keys = [["n", "the big button"], ...Object.values(ACTIONS).map(([pressed, label]) => [pressed, label()])];
  redraw(byId("keys"), keys, () => keys.flatMap(([pressed, label]) => {
    const term = element("dt");
    term.append(element("kbd", pressed.toUpperCase()));
    return [term, element("dd", label)];
  }));
}

function tableOf(titles, wide, rows) {
  const head = element("thead"), body = element("tbody");
  head.append(cells("th", titles, "col"));
  for (const [n, kind] of Object.entries(wide)) head.querySelectorAll("th")[n].className = kind;
  body.append(...rows);
  return [head, body];
}

function drawPeople() {
  const rows = () => view.people.map(person => {
    const name = element("th", person.name, "name"), row = element("tr");
    name.scope = "row";
    if (person.problem) name.append(element("small", person.problem, "bad"));
    row.append(name);
    for (const value of [person.has_answer ? (person.picked ? "✓ picked" : "✓ last one") : "none yet", person.generations, person.under_way])
      row.append(element("td", value));
    return row;
  });
  redraw(byId("people"), view.people, () => tableOf(["Contestant", "Answer", "Generations", "Under way"], { 0: "name" }, rows()));
}

function drawCounts() {
  const judged = view.judged, lines = [
    ["Answers under way", view.under_way],
    ["Judged by the LLM", judged.done + " of " + judged.of + (judged.failed ? ", " + judged.failed + " failed" : "")],
    ["Votes received", view.votes],
    ...view.experts.map(e => [e.name, e.scored + " of " + e.of + " scored" + (e.scored < e.of ? " (counts when all are)" : "")]),
    ...Object.entries(view.left_out).map(([part, why]) => [PARTS[part] + " left out", why]),
  ];
  if (!view.experts.length) lines.push(["Experts", "no scores yet"]);
  redraw(byId("counts"), lines, () => lines.flatMap(([term, told]) => [element("dt", term), element("dd", told)]));
  const open = ["voting", "counted"].includes(view.round.phase) && !view.round.step;
  redraw(byId("leave-out"), [open, Object.keys(view.left_out)], () => open ? Object.keys(PARTS).map(leaveOut) : []);
}

function leaveOut(part) {
  const out = view.left_out[part] !== undefined, button = element("button", (out ? "Count the " : "Leave out the ") + PARTS[part], "quiet");
  button.type = "button";
  button.dataset.key = part;
  button.addEventListener("click", () => out ? send("leave_out", 0, { part, out: false })
    : because("Leave out the " + PARTS[part], reason => send("leave_out", 0, { part, reason })));
  return button;
}

function drawVerdicts() {
  byId("verdicts").hidden = !view.verdicts.length;
  byId("verdicts-title").textContent = view.round.phase === "revealed" ? "LLM judge" : "LLM judge, answers still blind";
  const texts = Object.fromEntries(view.round.answers.map(a => [a.letter, a.text]));
  const rows = () => view.verdicts.map(v => {
    const row = element("tr"), button = element("button", "Override", "quiet");
    button.type = "button";
    button.dataset.key = v.letter;
    button.addEventListener("click", () => because("A human's score for answer " + v.letter,
      (reason, score) => send("override", 0, { letter: v.letter, score, reason }), v.score === null ? 0 : Math.round(v.score)));
    const last = element("td"); last.append(button);
    const why = element("td", v.reason || "…", "why");
    if (v.override) why.append(element("small", "A human gave " + v.override.score + ": " + v.override.reason));
    if (v.flags.length) why.append(element("small", "Signs of speaking to the judge: " + v.flags.join(", "), "bad"));
    const letter = element("th", undefined); letter.scope = "row"; letter.append(element("b", v.letter, "letter"));
    const said = element("td", undefined, "why"), text = element("div", texts[v.letter], "said-text");
    text.dataset.scroll = v.letter;
    said.append(text);
    row.append(letter, said,
      element("td", v.override ? v.override.score + " (was " + points(v.score) + ")" : points(v.score)), why, last);
    return row;
  });
  redraw(byId("verdict-rows"), [view.verdicts, view.round.answers],
    () => view.verdicts.length ? tableOf(["", "Answer", "Score", "Why", ""], { 1: "why", 3: "why" }, rows()) : []);
}

function drawAgenda() {
  const rows = () => view.agenda.map(r => {
    const row = element("tr", undefined, r.number === view.round.number ? "current" : "");
    row.append(element("td", r.number), element("td", r.question, "why"), element("td", r.reference, "why"), element("td", r.phase));
    return row;
  });
  redraw(byId("agenda"), [view.agenda, view.round.number],
    () => tableOf(["#", "Question", "Reference answer", "Now"], { 1: "why", 2: "why" }, rows()));
}

// Every finale that was made; one that another took the place of is made the current one again here.
async function drawFinales() {
  const { finales } = await fetchJson(API + "/director/finales", { cache: "no-store" });
  byId("finales").hidden = finales.length < 2;
  const rows = () => finales.map(f => {
    const row = element("tr", undefined, f.finale === view.finale ? "current" : ""), last = element("td");
    const made = new Date(1000 * f.made).toLocaleString([], { dateStyle: "medium", timeStyle: "short" });
    if (f.finale === view.finale) last.append("the current one");
    else {
      const button = element("button", "Make current", "quiet");
      button.type = "button";
      button.dataset.key = f.finale;
      button.setAttribute("aria-label", "Make " + f.title + " of " + made + " the current finale");
      button.addEventListener("click", () => makeCurrent(f.finale));
      last.append(button);
    }
    row.append(element("td", f.title + (f.rehearsal ? " (rehearsal)" : ""), "why"), element("td", made),
      element("td", f.contestants.join(", "), "why"), element("td", f.finale === view.finale ? "" : f.over + " of " + f.rounds), last);
    return row;
  });
  redraw(byId("finale-rows"), [finales, view.finale],
    () => tableOf(["Title", "Made", "Contestants", "Rounds over", ""], { 0: "why", 2: "why" }, rows()));
}

async function makeCurrent(finale) {
  const told = await act("/director/current", { finale, instead: byId("current-instead").checked });
  if (!told) return;
  byId("current-instead").checked = false;
  show(told);
}

document.addEventListener("keydown", event => {
  if (!view || !view.finale || event.repeat || !keysAct(event) || byId("reason-box").open) return;
  const pressed = event.key.toLowerCase();
  if (pressed === "n") { event.preventDefault(); byId("next").click(); return; }
  for (const button of BUTTONS)
    if (!button.disabled && !button.hidden && ACTIONS[button.dataset.action][0] === pressed) { event.preventDefault(); button.click(); return; }
});
byId("next").addEventListener("click", () => { const usual = USUAL[view.round.phase]; if (usual) ACTIONS[usual][2](); });
byId("weights").addEventListener("submit", async event => {
  event.preventDefault();
  const weights = Object.fromEntries(Object.keys(PARTS).map(part => [part, Number(byId("w-" + part).value)]));
  document.activeElement.blur();
  const told = await act("/director/weights", { weights, key: key() });
  if (told) show(told);
});
byId("address").addEventListener("submit", async event => {
  event.preventDefault();
  document.activeElement.blur();
  const told = await act("/director/address", { public_url: byId("public-url").value.trim(), key: key() });
  if (told) show(told);
});
byId("seats").addEventListener("submit", async event => {
  event.preventDefault();
  const role = byId("seat-role").value;
  const told = await act("/director/seats", { role, name: byId("seat-name").value });
  if (!told) return;
  const page = role === "expert" ? "judge" : "contestant";
  const before = told.replaced ? " What was given out for this name before is good no more." : "";
  byId("seat-link").textContent = "For " + told.name + ", shown this once: " + new URL(page, location.href).href + "#token=" + told.token + before;
});
byId("another").addEventListener("click", () => { another = true; byId("create").hidden = false; byId("create").scrollIntoView(); byId("new-title").focus(); });
const whichFile = () => { byId("new-file").parentElement.hidden = byId("new-from").value !== "file"; };
byId("new-from").addEventListener("change", whichFile);
whichFile();
byId("create").addEventListener("submit", async event => {
  event.preventDefault();
  const body = { title: byId("new-title").value, seconds: Number(byId("new-seconds").value), rounds: Number(byId("new-rounds").value),
    rehearsal: byId("new-rehearsal").checked, instead: byId("new-instead").checked };
  const lines = byId("new-contestants").value.split("\n").map(line => line.trim()).filter(Boolean);
  try {
    if (lines.length) body.contestants = lines.map(line => {
      const [, name, target] = line.match(/^(.+?)\s*=\s*(\S+)$/) || [];
      if (!target) throw new Error("'" + line.slice(0, 60) + "' is not a team = endpoint or model id; write one a line.");
      return { name, target: /[.:]/.test(target) ? { kind: "bedrock", model_id: target } : { kind: "sagemaker", endpoint: target } };
    });
    if (byId("new-from").value === "file") {
      const file = byId("new-file").files[0];
      if (!file) throw new Error("Choose the file of questions first.");
      const wanted = ["id", "topic", "question", "reference_answer", "key_facts", "style"];
      body.questions = (await file.text()).split("\n").filter(line => line.trim()).map(line => {
        const row = JSON.parse(line);
        return Object.fromEntries(wanted.filter(name => row[name] !== undefined).map(name => [name, row[name]]));
      });
    } else body.draw_from = byId("new-from").value;
  } catch (problem) { trouble(problem); return; }
  const told = await act("", body);
  if (!told) return;
  another = byId("new-instead").checked = false;
  show(told);
});
offerKeys();
enter("/director", told => {
  show(told || { finale: null });
  follow("/director", show);
});

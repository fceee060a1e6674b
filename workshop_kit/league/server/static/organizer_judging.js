// Submissions with their answers and verdicts; questions; appeals.
"use strict";
const OUTCOMES = { win: "win", tie: "tie", loss: "loss", flip: "flip" };
const LOOK_AGAIN = 5000, SOME = 100;
let shown = [], shownState = "", judgedRows = [], judgedId = "";

const rate = entry => entry.score ? percent(entry.score.win_rate) : "";

function actions(entry) {
  const box = make("div", { class: "line" });
  if (entry.judged) {
    box.append(make("a", { href: "#/submission/" + entry.id, "aria-label": "Look at " + entry.participant + ", " + when(entry.created) }, "Look"),
      make("a", { href: "#/vote/" + entry.id, "aria-label": "Vote on " + entry.participant + ", " + when(entry.created) }, "Vote"));
  }
  if (entry.state === "failed") {
    box.append(button("Judge again", async () => {
      const told = await change("submissions/" + entry.id + "/rejudge");
      if (told) { await SECTIONS.submissions(); say(entry.participant + " is " + told.state + "."); }
    }, { "data-key": entry.id }));
  }
  return box;
}

const STATES = { done: "good", failed: "bad" };

SECTIONS.submissions = () => readSubmissions(Math.max(SOME, Math.min(1000, shown.length)), 0);

async function readSubmissions(limit, offset) {
  const state = byId("state").value, only = state ? "&state=" + state : "";
  const found = (await get("submissions?newest=true&limit=" + limit + "&offset=" + offset + only)).submissions;
  shown = offset ? shown.concat(found) : found;
  byId("more").hidden = found.length < limit;
  const now = JSON.stringify([state, shown.map(e => [e.id, e.state, e.problem, e.judged, e.score])]);
  if (now === shownState) return;
  shownState = now;
  fill(byId("submission-rows"), [
    ["Team", "name", entry => entry.participant],
    ["Set", "", entry => entry.set],
    ["State", "", entry => make("span", {}, tag(entry.state, STATES[entry.state]), entry.problem ? make("span", { class: "soft" }, entry.problem) : null)],
    ["Judged", "number", entry => entry.judged],
    ["Win rate", "number", rate],
    ["Sent", "when", entry => when(entry.created)],
    ["", "", actions],
  ], shown, "No submission.");
}

byId("state").addEventListener("change", () => { shown = []; SECTIONS.submissions().catch(trouble); });
byId("filter").addEventListener("submit", event => event.preventDefault());
byId("more").addEventListener("click", () => readSubmissions(SOME, shown.length).catch(trouble));
byId("vote-all").addEventListener("click", () => { location.hash = "#/vote"; });
setInterval(() => {
  if (byId("desk").hidden || guest || document.hidden) return;
  if (opened === "submissions") SECTIONS.submissions().catch(trouble);
  readHeld().catch(trouble);
}, LOOK_AGAIN);

// What judging waits for, in whatever section the organizer is: a judge that does not answer is theirs to mend.
async function readHeld() {
  const under = (await get("submissions?state=judging&limit=200")).submissions, held = under.filter(entry => entry.problem);
  byId("held").hidden = !held.length;
  byId("held").textContent = held.length ? "Judging is held up (" + held.length + " of " + under.length + " submissions under way). " + held[0].problem : "";
}

SECTIONS.submission = async id => {
  judgedId = id;
  const one = encodeURIComponent(id), entry = await fetchJson("api/submissions/" + one, { cache: "no-store" });
  judgedRows = (await get("submissions/" + one + "/verdicts")).rows;
  byId("one-title").textContent = entry.participant + ", " + (entry.score ? "win rate " + rate(entry) : entry.state);
  showPairs();
};

const ONLY = {
  flags: row => row.verdicts.some(verdict => verdict.flags.length),
  flips: row => row.verdicts.some(verdict => verdict.outcome === "flip"),
  losses: row => row.verdicts.some(verdict => verdict.outcome !== "win"),
  overrides: row => row.override,
};

function showPairs() {
  const only = ONLY[byId("only").value] || (() => true), rows = judgedRows.filter(only);
  byId("one-count").textContent = rows.length + " of " + judgedRows.length + " questions";
  byId("pairs").replaceChildren(...rows.map(pair));
}

byId("only").addEventListener("change", showPairs);

function pair(row) {
  const table = make("table", { "aria-label": "Verdicts on " + row.id });
  const flags = [...new Set(row.verdicts.flatMap(verdict => verdict.flags))];
  fill(table, [
    ["Judge", "name", v => v.judge],
    ["Submission first", "", v => WHO[v.first] || v.first],
    ["Reference first", "", v => WHO[v.second] || v.second],
    ["Outcome", "", v => tag(v.outcome, { win: "good", loss: "bad", flip: "bad" }[v.outcome])],
    ["Scores", "number", v => v.candidate_score.toFixed(1) + " : " + v.reference_score.toFixed(1)],
    ["Characters", "number", v => v.candidate_length + " : " + v.reference_length],
    ["Reason", "", v => v.reason],
  ], row.verdicts);
  const said = row.override;
  return make("section", { class: "card box", "data-question": row.id, "aria-label": "Question " + row.id },
    make("p", { class: "question" }, row.question),
    make("p", {}, ...flags.map(flag => tag("⚠ " + flag, "bad")), row.withdrawn ? tag("withdrawn") : null,
      said ? tag("overridden: " + said.outcome) : null,
      said ? make("span", { class: "soft" }, said.who + ": " + said.reason) : null),
    make("div", { class: "two" },
      make("article", {}, make("h3", {}, "Submission"), make("p", { class: "text" }, row.answer || "(nothing)")),
      make("article", {}, make("h3", {}, "Reference model"), make("p", { class: "text" }, row.reference_answer || "(nothing)"))),
    make("details", {}, make("summary", {}, "What the handbook says"), make("p", { class: "text" }, row.handbook)),
    table,
    make("p", { class: "line" },
      button("Override…", () => override(row), { "aria-label": "Override the verdict on " + row.id }),
      row.withdrawn ? null : button("Withdraw the question…", () => withdraw(row.id, () => SECTIONS.submission(judgedId)), { "aria-label": "Withdraw question " + row.id })));
}

async function override(row) {
  const told = await ask("Override the judges on " + row.id, { label: "Why? It is kept in the log.", choices: OUTCOMES, yes: "Override" });
  if (!told) return;
  const entry = await change("submissions/" + judgedId + "/override", { question: row.id, outcome: told.choice, reason: told.text });
  if (!entry) return;
  await SECTIONS.submission(judgedId);
  for (const card of byId("pairs").children) if (card.dataset.question === row.id) card.querySelector("button").focus();
  say("Overridden; the win rate is " + rate(entry) + " now.");
}

async function withdraw(question, after) {
  const told = await ask("Withdraw question " + question + "?", { label: "Why? Every score is counted anew without it.", yes: "Withdraw" });
  if (!told) return;
  const done = await change("withdrawn/" + question, { reason: told.text });
  if (done) { await after(); say(done.changed + " submissions are counted anew."); }
}

SECTIONS.questions = async () => {
  const { questions } = await get("questions");
  fill(byId("question-rows"), [
    ["Id", "", question => question.id],
    ["Question", "name", question => question.question],
    ["Win, tie, loss, flip", "number", question => Object.keys(OUTCOMES).map(name => question[name]).join(", ")],
    ["State", "", question => question.withdrawn ? make("span", {}, tag("withdrawn"), make("span", { class: "soft" }, question.withdrawn)) : "counts"],
    ["", "", question => question.withdrawn
      ? button("Put back", async () => {
        const done = await change("withdrawn/" + question.id, undefined, "DELETE");
        if (done) { await SECTIONS.questions(); say(done.changed + " submissions are counted anew."); }
      }, { "data-key": question.id, "aria-label": "Put back " + question.id })
      : button("Withdraw…", () => withdraw(question.id, SECTIONS.questions), { "data-key": question.id, "aria-label": "Withdraw " + question.id })],
  ], questions, "No question.", question => question.withdrawn ? "off" : null);
};

SECTIONS.appeals = async () => {
  const [appeals] = await Promise.all([readAppeals(), readTeams()]);
  byId("appeal-cards").replaceChildren(...appeals.map(appeal => make("section", { class: "card box", "data-appeal": appeal.id },
    make("h2", {}, teamName(appeal.team) + " ", tag(appeal.state, appeal.state === "open" ? "bad" : "")),
    make("p", { class: "soft" }, when(appeal.created) + " ", make("a", { href: "#/submission/" + appeal.submission }, "The submission")),
    make("p", { class: "text" }, appeal.text),
    appeal.answer ? make("p", {}, make("b", {}, "Answer: "), appeal.answer) : null,
    appeal.state !== "open" ? null : make("p", { class: "line" },
      button("Uphold…", () => decide(appeal, "upheld")), button("Dismiss…", () => decide(appeal, "dismissed"))))));
  if (!appeals.length) byId("appeal-cards").append(make("p", { class: "card box" }, "No appeal yet."));
};

async function decide(appeal, decision) {
  const upheld = decision === "upheld";
  const told = await ask((upheld ? "Uphold" : "Dismiss") + " the appeal of " + teamName(appeal.team),
    { label: "Your answer to the team", longest: 2000, yes: upheld ? "Uphold" : "Dismiss" });
  if (!told || !await change("appeals/" + appeal.id, { decision, answer: told.text })) return;
  await SECTIONS.appeals();
  say(upheld ? "Upheld. To change the score, override the questions it is about." : "Dismissed.");
}

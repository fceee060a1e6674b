// An expert's sheet: 0 to 10 for every blind answer, by mouse or keys.
"use strict";
let view = null, current = null;

function show(told) {
  if (late(told)) return;
  view = told;
  byId("desk").hidden = false;
  if (!frame(told)) { answerCards(byId("answers"), told); return; }
  byId("reference-box").hidden = !told.round.reference;
  byId("reference").textContent = told.round.reference || "";
  answerCards(byId("answers"), told, (card, answer) => {
    const letter = answer.letter, group = element("div", undefined, "scores");
    group.setAttribute("role", "group");
    group.setAttribute("aria-label", "Score for answer " + letter);
    for (let n = 0; n <= 10; n++) {
      const button = element("button", n);
      button.type = "button";
      button.dataset.score = n;
      button.addEventListener("click", () => { choose(letter); send(letter, n); });
      group.append(button);
    }
    const half = element("button", "½", "half");
    half.type = "button";
    half.setAttribute("aria-label", "half a point more or less for answer " + letter);
    half.addEventListener("click", () => { choose(letter); halve(letter); });
    group.append(half);
    const label = element("label", "Notes for yourself"), note = element("textarea");
    note.id = "note-" + letter;
    note.rows = 2;
    note.maxLength = 1000;
    label.htmlFor = note.id;
    note.value = (told.sheet[letter] || {}).note || "";
    note.addEventListener("change", () => { if (scoreOf(letter) !== null) send(letter, scoreOf(letter)); });
    card.append(group, label, note);
    card.addEventListener("focusin", () => choose(letter));
  });
  mark();
  showReveal(byId("reveal"), told);
  showStanding(byId("standing"), told);
}

// What was pressed counts at once on this page; the server's word comes after it, in the order of the presses.
let sending = Promise.resolve();
const pressed = {};

function sheetOf(letter) {
  const round = view.round.number + "/" + view.round.opening;
  return pressed[letter] && pressed[letter].round === round ? pressed[letter] : view.sheet[letter];
}

const scoreOf = letter => sheetOf(letter) ? sheetOf(letter).score : null;

function mark() {
  const open = view.round.phase === "voting", letters = view.round.answers.map(a => a.letter);
  if (!letters.includes(current)) current = letters[0] || null;
  for (const card of byId("answers").children) {
    const score = scoreOf(card.dataset.letter);
    card.classList.toggle("chosen", card.dataset.letter === current && open);
    for (const button of card.querySelectorAll(".scores button")) {
      button.disabled = !open || (button.className === "half" && score === null);
      const on = button.className === "half" ? score !== null && score % 1 !== 0
        : score !== null && Math.floor(score) === Number(button.dataset.score);
      button.setAttribute("aria-pressed", String(on));
    }
    card.querySelector("textarea").readOnly = !open;
  }
  const done = letters.filter(letter => scoreOf(letter) !== null).length, said = byId("said");
  const text = !open ? "" : done === letters.length ? "All " + done + " answers scored. You can change them until the vote is closed."
    : done + " of " + letters.length + " answers scored; your sheet counts when all are.";
  said.hidden = !text;
  if (said.textContent !== text) said.textContent = text;
}

function choose(letter) { current = letter; mark(); }

function send(letter, score) {
  const number = view.round.number, mine = { round: number + "/" + view.round.opening, score };
  pressed[letter] = mine;
  mark();
  const note = byId("note-" + letter).value;
  sending = sending.then(async () => {
    const told = await act("/judge/score", { round: number, letter, score, note }, "PUT");
    if (pressed[letter] === mine) delete pressed[letter];
    if (told) show(told); else mark();
  });
}

function halve(letter) {
  const score = scoreOf(letter);
  if (score !== null) send(letter, score % 1 ? score - .5 : Math.min(10, score + .5));
}

document.addEventListener("keydown", event => {
  if (!view || !view.round || view.round.phase !== "voting" || !keysAct(event)) return;
  const which = event.key.toUpperCase();
  if (/^[0-9]$/.test(which)) send(current, Number(which));
  else if (which === "X") send(current, 10);
  else if (which === "." || which === ",") halve(current);
  else if (view.round.answers.some(a => a.letter === which)) {
    choose(which);
    document.querySelector('[data-letter="' + which + '"]').scrollIntoView({ block: "nearest" });
  } else return;
  event.preventDefault();
});
offerKeys();
enter("/judge", told => {
  if (told) show(told);
  follow("/judge", show);
});

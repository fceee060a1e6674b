// The audience's phones: read the answers, vote, see what came of it.
"use strict";
let view = null, mine = { round: null, letter: null };

function show(told) {
  if (late(told)) return;
  view = told;
  if (!frame(told)) return;
  answerCards(byId("answers"), told, (card, answer) => {
    const button = element("button", "Vote for " + answer.letter, "main huge");
    button.type = "button";
    button.addEventListener("click", () => vote(answer.letter));
    card.append(button);
  });
  mark();
  if (told.round.phase === "voting") byId("state").textContent = "Vote now";
  showReveal(byId("reveal"), told);
  showStanding(byId("standing"), told);
}

function mark() {
  const round = view && view.round, open = Boolean(round && round.phase === "voting");
  const letter = round && mine.round === round.number && mine.opening === round.opening ? mine.letter : null;
  for (const card of byId("answers").children) {
    const button = card.querySelector("button"), chosen = card.dataset.letter === letter;
    card.classList.toggle("chosen", chosen);
    button.disabled = !open;
    button.hidden = !open && !chosen;
    button.setAttribute("aria-pressed", String(chosen));
    button.textContent = (chosen ? "✓ Your vote: " : "Vote for ") + card.dataset.letter;
  }
  const said = byId("said");
  const text = !letter ? "" : open ? "You vote for " + letter + ". You can change it until the vote is closed."
    : round.phase === "counted" ? "You voted for " + letter + "." : "";
  said.hidden = !text;
  if (said.textContent !== text) said.textContent = text;
}

let presses = 0;
async function vote(letter) {
  const round = view.round;
  presses += 1;
  const told = await act("/ballot", { round: round.number, letter }, "PUT");
  if (!told) { recall(); return; }
  mine = { ...told, opening: round.opening };
  mark();
}

// Asks what this device votes for; a vote cast meanwhile knows better.
async function recall() {
  const asked = presses;
  try {
    await fetchJson(API + "/device", { method: "POST" });
    const told = await fetchJson(API + "/ballot", { cache: "no-store" });
    if (presses !== asked) return;
    mine = { ...told, opening: view && view.round ? view.round.opening : undefined };
    mark();
  } catch (problem) { /* there is no finale yet; asked again when there is one */ }
}

let known = null;
follow("", told => {
  show(told);
  const which = told.finale ? told.finale + "/" + told.round.number + "/" + told.round.opening : null;
  if (which !== known) { known = which; recall(); }
});

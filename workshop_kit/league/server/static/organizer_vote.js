// People's own verdicts: pairs in an order drawn by chance, each with its sides drawn by chance, nobody's name in sight.
"use strict";
const AT_ONCE = 10, MOST_PAIRS = 40;
let ballot = [], cast = 0, sending = false;

function shuffled(things) {
  const found = [...things];
  for (let n = found.length - 1; n > 0; n--) {
    const other = Math.floor(Math.random() * (n + 1));
    [found[n], found[other]] = [found[other], found[n]];
  }
  return found;
}

SECTIONS.vote = async id => {
  ballot = [];
  cast = 0;
  byId("ballot").hidden = true;
  byId("vote-count").textContent = "";
  let ids = [id];
  if (!id) {
    const { submissions } = await get("submissions?newest=true&state=done&limit=200");
    ids = shuffled(submissions).slice(0, AT_ONCE).map(entry => entry.id);
  }
  const found = await Promise.all(ids.map(async one =>
    (await get("submissions/" + encodeURIComponent(one) + "/pairs")).rows.map(row => ({ ...row, submission: one, flipped: Math.random() < 0.5 }))));
  ballot = shuffled(found.flat()).slice(0, MOST_PAIRS);
  showBallot();
};

function showBallot() {
  const [row] = ballot;
  byId("ballot").hidden = !row;
  byId("vote-count").textContent = row ? ballot.length + " to go, " + cast + " votes given"
    : cast ? "Thank you: " + cast + " votes given." : "There is no judged pair to vote on.";
  if (!row) return;
  const sides = [row.answer || "(nothing)", row.reference_answer || "(nothing)"];
  if (row.flipped) sides.reverse();
  byId("vote-question").textContent = row.question;
  byId("vote-a").textContent = sides[0];
  byId("vote-b").textContent = sides[1];
  byId("vote-handbook").textContent = row.handbook;
  byId("vote-a").scrollTop = byId("vote-b").scrollTop = 0;
}

async function voted(side) {
  const [row] = ballot;
  if (!row || sending) return;
  if (side !== "s") {
    const outcome = side === "t" ? "tie" : (side === "a") !== row.flipped ? "win" : "loss";
    sending = true;
    const told = await change("submissions/" + row.submission + "/votes", { question: row.id, outcome });
    sending = false;
    if (!told) return;
    cast += 1;
  }
  ballot.shift();
  showBallot();
}

for (const choice of byId("vote-buttons").children) choice.addEventListener("click", () => voted(choice.dataset.side));

document.addEventListener("keydown", event => {
  const typing = event.target.closest && event.target.closest("input, textarea, select, dialog");
  if (opened !== "vote" || byId("desk").hidden || typing || event.repeat || event.ctrlKey || event.metaKey || event.altKey) return;
  const pressed = event.key.toLowerCase();
  if (["a", "b", "t", "s"].includes(pressed)) { event.preventDefault(); voted(pressed); }
});

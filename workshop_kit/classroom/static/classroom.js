// The instructor's page: who is where, who is stuck, the pace, hints, money.
"use strict";
let told = null, offset = 0, sorting = { key: "", down: false }, teamsAsked = false;
const rows = new Map();

function kept(name) { try { return localStorage.getItem(name); } catch { return null; } }
function keep(name, value) { try { localStorage.setItem(name, value); } catch { /* a browser that keeps nothing */ } }

function minutes(seconds) {
  if (seconds < 90) return Math.max(0, Math.round(seconds)) + " s";
  const whole = Math.round(seconds / 60);
  return whole < 60 ? whole + " min" : Math.floor(whole / 60) + " h " + String(whole % 60).padStart(2, "0") + " min";
}

function set(node, text) { if (node.textContent !== text) node.textContent = text; }
function now() { return Date.now() / 1000 + offset; }

function complain(problem) {
  byId("problem").textContent = problem ? problem.message : "";
  byId("problem").hidden = !problem;
}

async function act(url, options, said) {
  try {
    await fetchJson(url, options);
    complain(null);
    if (said) byId("said").textContent = said;
    show(await fetchJson("api/class/board"));
  } catch (problem) { complain(problem); }
}

function show(board) {
  told = board;
  offset = board.now - Date.now() / 1000;
  facts();
  steps();
  hints();
  people();
  set(byId("rule"), "Stuck: asked for help, " + board.rule.failed + " failed checkpoints in a row, or longer on a step than " +
    board.rule.times + " times the class's median for it (and than planned).");
}

function facts() {
  const b = told, members = Math.max(b.members, b.reporting);
  set(byId("count"), b.reporting + " of " + members + " report");
  const list = [
    [b.stuck, "stuck", b.stuck > 0], [b.hands, b.hands === 1 ? "hand up" : "hands up", false],
    [b.people.filter(p => !p.finished).length, "at work", false],
    [b.steps[b.steps.length - 1].finished, "finished the last step", false],
  ];
  const box = byId("facts");
  while (box.children.length < list.length) {
    const li = element("li");
    li.append(element("b"), element("span"));
    box.append(li);
  }
  list.forEach(([value, name, alarm], i) => {
    set(box.children[i].firstChild, String(value));
    set(box.children[i].lastChild, name);
    box.children[i].className = alarm ? "alarm" : "";
  });
}

function steps() {
  const body = byId("steps");
  if (!body.children.length) {
    for (const step of told.steps) {
      const tr = element("tr"), th = element("th", step.number + " · " + step.title, "name");
      th.scope = "row";
      tr.append(th);
      for (const name of ["Here now", "Finished", "Usual time", "Planned"]) {
        const td = element("td");
        td.dataset.label = name;
        tr.append(td);
      }
      const here = tr.children[1], track = element("span", null, "track");
      track.append(element("i"));
      here.append(track, element("span"));
      const acts = element("td", null, "acts");
      const toggle = element("button"), release = element("button"), more = element("button", "+5 min");
      toggle.addEventListener("click", () => {
        const open = told.steps.find(s => s.id === step.id).open;
        act("api/class/steps/" + step.id, { method: "PUT", body: { open: !open } }, step.title + (open ? " closed" : " opened"));
      });
      release.addEventListener("click", () => {
        const out = told.steps.find(s => s.id === step.id).released;
        act("api/class/steps/" + step.id, { method: "PUT", body: { released: !out } }, "Solution of " + step.title + (out ? " taken back" : " released"));
      });
      more.addEventListener("click", () =>
        act("api/class/extensions", { body: { step: step.id, minutes: 5 } }, "Five minutes more for " + step.title));
      more.setAttribute("aria-label", "Five minutes more for everybody at step " + step.number);
      acts.append(element("span", "", "state"), toggle, release, more);
      tr.append(acts);
      body.append(tr);
      for (const id of ["to-step", "at"]) {
        const option = element("option", step.number + " · " + step.title);
        option.value = step.id;
        byId(id).append(option);
      }
    }
  }
  const most = Math.max(1, told.reporting);
  told.steps.forEach((step, i) => {
    const tr = body.children[i], [, here, done, usual, planned, acts] = tr.children;
    tr.className = step.open ? "" : "closed";
    here.firstChild.firstChild.style.width = (100 * step.here / most) + "%";
    set(here.lastChild, String(step.here));
    set(done, step.finished + " of " + step.started);
    set(usual, step.median === null ? "–" : minutes(step.median));
    set(planned, step.minutes + " min" + (step.extended ? " (" + (step.extended > 0 ? "+" : "") + step.extended + ")" : ""));
    const [state, toggle, release] = acts.children;
    set(state, (step.open ? "open" : "closed") + (step.released ? ", solution out" : ""));
    set(toggle, step.open ? "Close" : "Open");
    set(release, step.released ? "Take solution back" : "Release solution");
    toggle.setAttribute("aria-label", (step.open ? "Close" : "Open") + " step " + step.number);
    release.setAttribute("aria-label", release.textContent + " of step " + step.number);
  });
}

function hints() {
  const list = byId("hints"), key = JSON.stringify(told.hints);
  if (list.dataset.key === key) return;
  list.dataset.key = key;
  list.replaceChildren(...told.hints.map(hint => {
    const li = element("li", null, hint.withdrawn ? "gone" : "");
    const step = told.steps.find(s => s.id === hint.step);
    const to = (step ? "step " + step.number : "all") + (hint.team_name ? ", " + hint.team_name : "");
    li.append(element("small", to, "soft"), element("span", hint.text));
    if (!hint.withdrawn) {
      const take = element("button", "Withdraw");
      take.type = "button";
      take.addEventListener("click", () => act("api/class/hints/" + hint.id, { method: "DELETE" }, "Hint withdrawn"));
      li.append(take);
    }
    return li;
  }));
}

function value(person, key) {
  if (key === "seconds") return person.finished ? -1 : now() - person.since;
  if (key === "stuck") return person.help !== null ? 1000 : person.stuck.length;
  return typeof person[key] === "string" ? person[key].toLowerCase() : person[key];
}

function wanted() {
  const find = byId("find").value.trim().toLowerCase(), at = byId("at").value, only = byId("only").checked;
  const list = told.people.filter(p => (!only || p.stuck.length) && (!at || p.step === at) &&
    (!find || p.name.toLowerCase().includes(find) || p.team.toLowerCase().includes(find)));
  if (sorting.key) {
    list.sort((a, b) => {
      const x = value(a, sorting.key), y = value(b, sorting.key);
      return (x < y ? -1 : x > y ? 1 : 0) * (sorting.down ? -1 : 1);
    });
  }
  return list;
}

function person(p) {
  let tr = rows.get(p.id);
  if (!tr) {
    tr = element("tr");
    for (const name of ["name", "name team", "left", "time", "why", "seen", "act"]) tr.append(element("td", "", name));
    rows.set(p.id, tr);
  }
  const [name, team, step, time, why, seen, action] = tr.children;
  tr.className = "row" + (p.help !== null ? " hand" : p.stuck.length ? " stuck" : "");
  set(name, p.name);
  set(team, p.team);
  set(step, p.number + (p.finished ? " done" : ""));
  set(time, p.finished ? "" : minutes(now() - p.since));
  set(why, p.stuck.join("; ") || (p.failed ? "not yet, " + p.failed + " tried" : ""));
  set(seen, minutes(now() - p.seen) + " ago");
  if (p.help !== null && !action.firstChild) {
    const done = element("button", "Helped");
    done.setAttribute("aria-label", p.name + " was helped");
    done.addEventListener("click", () => act("api/class/people/" + p.id + "/helped", { method: "POST" }, p.name + " was helped"));
    action.append(done);
  } else if (p.help === null && action.firstChild) action.replaceChildren();
  return tr;
}

function people() {
  const list = wanted(), body = byId("people"), current = document.activeElement;
  const nodes = list.map(person);
  const same = nodes.length === body.children.length && nodes.every((node, i) => node === body.children[i]);
  if (!same) {
    body.replaceChildren(...nodes);
    if (current && current !== document.activeElement && document.contains(current)) current.focus({ preventScroll: true });
  }
  set(byId("shown"), list.length + " of " + told.people.length + " shown");
  byId("nobody").hidden = list.length > 0;
  set(byId("nobody"), told.people.length ? "Nobody matches." : "Nobody reports yet. Whoever agrees in a notebook appears here by itself.");
}

async function money() {
  try {
    const found = await fetchJson("api/class/money");
    set(byId("money-note"), [found.problem, found.problem || found.teams.length ? "" : "Nothing of the kit's is running.", found.note]
      .filter(Boolean).join(" "));
    byId("money").hidden = !found.teams.length;
    byId("teams").replaceChildren(...found.teams.map(team => {
      const tr = element("tr"), free = team.unpriced ? " + " + team.unpriced + " without a price" : "";
      const th = element("th", team.team, "name");
      th.scope = "row";
      tr.append(th, element("td", team.endpoints), element("td", team.jobs), element("td", team.other, "detail"),
        element("td", team.usd_per_hour.toFixed(2)), element("td", team.usd.toFixed(2) + free));
      return tr;
    }));
  } catch (problem) { set(byId("money-note"), problem.message); }
}

async function teams() {
  if (teamsAsked) return;
  teamsAsked = true;
  try {
    for (const team of (await fetchJson("api/class/teams")).teams) {
      const option = element("option", team.name);
      option.value = team.id;
      byId("to-team").append(option);
    }
  } catch (problem) { complain(problem); }
}

byId("find").addEventListener("input", () => told && people());
byId("only").addEventListener("change", () => told && people());
byId("at").addEventListener("change", () => told && people());
for (const button of document.querySelectorAll("[data-sort]")) {
  button.addEventListener("click", () => {
    const key = button.dataset.sort, first = key === "seconds" || key === "stuck";
    sorting = sorting.key === key ? { key, down: !sorting.down } : { key, down: first };
    for (const th of document.querySelectorAll(".people th")) th.removeAttribute("aria-sort");
    button.parentElement.setAttribute("aria-sort", sorting.down ? "descending" : "ascending");
    people();
  });
}
document.addEventListener("keydown", event => {
  if (!byId("keys").checked || event.ctrlKey || event.metaKey || event.altKey) return;
  if (/^(INPUT|TEXTAREA|SELECT)$/.test(event.target.tagName)) return;
  if (event.key === "/") { event.preventDefault(); byId("find").focus(); }
  if (event.key === "s" && told) { byId("only").checked = !byId("only").checked; people(); }
});
// Whoever dictates, or hits keys by chance, can switch the single keys off, and they stay off in this browser.
byId("keys").checked = kept("classroom-keys") !== "off";
byId("keys").addEventListener("change", () => keep("classroom-keys", byId("keys").checked ? "on" : "off"));
byId("say").addEventListener("submit", async event => {
  event.preventDefault();
  const body = { text: byId("hint").value, step: byId("to-step").value, team: byId("to-team").value || null };
  await act("api/class/hints", { body }, "Hint sent");
  if (byId("problem").hidden) byId("hint").value = "";
});
byId("more-time").addEventListener("click", () => {
  const step = byId("to-step").value;
  if (!step) { complain(new Error("Choose a step first; the team may be every team.")); return; }
  act("api/class/extensions", { body: { step, minutes: 5, team: byId("to-team").value || null } }, "Five minutes more");
});
byId("signin").addEventListener("submit", async event => {
  event.preventDefault();
  try {
    await fetchJson("api/session", { body: { token: byId("token").value.trim() } });
    byId("token").value = "";
    begin(true);
  } catch (problem) { complain(problem); }
});

async function begin(signed) {
  try { show(await fetchJson("api/class/board")); }
  catch (problem) {
    if (signed) complain(problem);
    byId("signin").hidden = false;
    byId("live").hidden = true;
    return;
  }
  complain(null);
  byId("signin").hidden = true;
  byId("room").hidden = byId("live").hidden = false;
  live("api/class/board/stream", "api/class/board", show, sayLive);
  teams();
  money();
  setInterval(money, 60000);
  setInterval(() => told && people(), 10000);
}
begin();

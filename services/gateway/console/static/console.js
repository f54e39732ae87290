// What a page gains with script: live parts, search as one types, and the keyboard. Everything works without.

const one = (selector, root = document) => root.querySelector(selector);
const all = (selector, root = document) => [...root.querySelectorAll(selector)];
const words = JSON.parse(document.body.dataset.words); // what the script says, in the language of the page

for (const element of all(".with-script")) element.hidden = false;
for (const element of all("[data-without-script]")) element.hidden = true;
for (const element of all("[data-submit]")) element.addEventListener("change", () => element.form.requestSubmit());

// Live parts: the page is asked for again and the parts marked data-live take their new content.

let turn = 0;

async function refresh(address = location.href) {
  const mine = ++turn;
  const answer = await fetch(address, { headers: { accept: "text/html" } });
  if (!answer.ok || answer.redirected || mine !== turn) return;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  for (const part of all("[data-live]")) {
    const fresh = part.id && page.getElementById(part.id);
    if (fresh && fresh.innerHTML !== part.innerHTML) replace(part, fresh);
  }
}

function replace(part, fresh) {
  const known = new Set(all("[data-id]", part).map((row) => row.dataset.id));
  const at = one(".is-at", part)?.dataset.id;
  const focused = part.contains(document.activeElement) && document.activeElement.closest("[data-id]")?.dataset.id;
  const unfolded = all("details[open][id]", part).map((details) => details.id);
  part.replaceChildren(...fresh.childNodes);
  for (const id of unfolded) document.getElementById(id)?.setAttribute("open", "");
  for (const row of all("[data-id]", part)) {
    if (known.size && !known.has(row.dataset.id)) row.classList.add("is-new");
    if (row.dataset.id === at) row.classList.add("is-at");
    if (row.dataset.id === focused) one("[data-open]", row)?.focus({ preventScroll: true });
  }
}

const FIRST_PAUSE = 1_000; // milliseconds until a stream that was refused is asked for again; twice as long each time
const LONGEST_PAUSE = 60_000;
const TOGETHER = 150; // milliseconds that a refresh waits for more events
const APART = 1_000;

// A stream that broke is taken up again by the browser. One that was answered with another status than 200, as while the
// service restarts or too many are open, is closed for good: it is opened anew, while somebody looks at the page.
function follow(source) {
  const state = one("#live-state");
  let stream;
  let pause = FIRST_PAUSE;
  let waiting;
  let more = false;
  let last = -Infinity;
  let ready = false;
  // Many at once are one refresh. Where they do not end, one follows the other: each is shown before the next is asked
  // for. One that fails is tried with the next event.
  const soon = () => {
    more = true;
    waiting ??= setTimeout(async () => {
      more = false;
      await refresh().catch(() => {});
      last = performance.now();
      waiting = undefined;
      if (more) soon();
    }, Math.max(TOGETHER, last + APART - performance.now()));
  };
  const show = (text, away) => {
    state.hidden = false;
    state.textContent = text;
    state.toggleAttribute("data-away", away);
  };
  const open = () => {
    stream = new EventSource(source);
    stream.onopen = () => {
      pause = FIRST_PAUSE;
      show(words.live, false);
    };
    stream.onerror = () => {
      show(words.away, true);
      if (stream.readyState === EventSource.CLOSED) again();
    };
    for (const name of ["ready", "reset"]) stream.addEventListener(name, () => { if (ready || name === "reset") soon(); ready = true; });
    stream.addEventListener("alert", (event) => {
      const alert = JSON.parse(event.data);
      if (alert.state === "open") one("#announce").textContent = words.alert.replace("{reason}", () => alert.reason);
      soon();
    });
  };
  const again = () => {
    const spread = pause * (0.5 + Math.random() / 2); // pages that were refused together do not come back together
    pause = Math.min(2 * pause, LONGEST_PAUSE);
    ready = true; // the page is from before: what came meanwhile is to be shown
    setTimeout(() => {
      if (document.hidden) document.addEventListener("visibilitychange", open, { once: true });
      else open();
    }, spread);
  };
  open();
  addEventListener("pagehide", () => stream.close());
}

if (document.body.dataset.liveSource && one("[data-live]")) follow(document.body.dataset.liveSource);

// Search as one types.

const search = one("[data-search]");
if (search) {
  if (location.hash === "#query") search.focus(); // "/" was pressed on a page without a search of its own
  let waiting;
  search.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(() => {
      const address = new URL(search.form.action);
      address.searchParams.set("query", search.value);
      history.replaceState(null, "", address);
      refresh(address).catch(() => search.form.requestSubmit());
    }, 180);
  });
}

// A file's text goes into the field where it can be seen before it is sent.

for (const input of all("[data-into]")) {
  input.addEventListener("change", async () => {
    const file = input.files[0];
    if (file) document.getElementById(input.dataset.into).value = (await file.text()).trim();
  });
}

// The keyboard.

const items = () => all("[data-item]");
const current = () => one("[data-item].is-at") ?? document.activeElement.closest?.("[data-item]");

function move(step) {
  const list = items();
  if (!list.length) return;
  const next = list[Math.min(Math.max(list.indexOf(current()) + step, 0), list.length - 1)];
  for (const item of list) item.classList.toggle("is-at", item === next);
  (one("[data-open]", next) ?? next).focus({ preventScroll: true });
  next.scrollIntoView({ block: "nearest" });
}

const target = () => {
  const item = current();
  return item?.dataset.state ? item : one("[data-alert]");
};

function acknowledge() {
  const alert = target();
  const button = alert && one('[data-act="acknowledge"]', alert);
  if (button) button.form.requestSubmit(button);
}

const ASKED = { resolve: ["open", "acknowledged"], dismiss: ["open", "acknowledged"] };

function ask(action) {
  const alert = target();
  const dialog = one("#why");
  if (!alert || !dialog || alert.dataset.state === "merged") return;
  if (ASKED[action] && !ASKED[action].includes(alert.dataset.state)) return;
  const kinds = one("#why-kind");
  kinds.hidden = kinds.disabled = action !== "dismiss";
  one("#why-title").textContent = one("#why-do").textContent = words[action];
  one("#why-what").textContent = one(".alert-title, h1", alert).textContent;
  one("form", dialog).action = addressOf(alert, action);
  dialog.showModal();
  (kinds.disabled ? one("#why-reason") : one("input", kinds)).focus();
}

const addressOf = (alert, action) => `/alerts/${encodeURIComponent(alert.dataset.id)}/${action}`;

function assignToMe() {
  const alert = target();
  const form = one("#mine");
  if (!alert || !form || alert.dataset.state === "merged") return;
  form.action = addressOf(alert, "assign");
  form.requestSubmit();
}

one("#why-cancel")?.addEventListener("click", () => one("#why").close());

const canAct = Boolean(one("[data-role-ops]"));
const keys = {
  j: () => move(+1),
  k: () => move(-1),
  "/": () => (one("[data-search], [data-search-key]") ?? { focus: () => location.assign("/customers#query") }).focus(),
  "?": () => one("#help")?.showModal(),
  ...(canAct && { a: acknowledge, r: () => ask("resolve"), d: () => ask("dismiss"), c: () => ask("comment"), m: assignToMe }),
};

addEventListener("keydown", (event) => {
  const typing = event.target.closest("input, textarea, select, dialog");
  if (typing || event.ctrlKey || event.metaKey || event.altKey || !keys[event.key]) return;
  event.preventDefault();
  keys[event.key]();
});

// Runs once in each HTML part of the page. `element`, `trigger` and `watch` are Gradio's. Documents
// reach the page only as text that the server escaped; nothing here turns text into mark-up. What
// only the source panel does is in source.js, which follows this script there.
const EVENTS = ["why", "judge", "checks", "understand", "history", "collection", "library", "ask", "open", "act", "back", "clear", "language"];
const shared = (window.yiju ??= { opener: null });

element.addEventListener("click", async (event) => {
  const button = event.target.closest("button");
  if (!button || button.getAttribute("aria-disabled") === "true") return;
  if ("copy" in button.dataset || "copyLink" in button.dataset) {
    await copy(button);
  } else if (EVENTS.includes(button.dataset.event)) {
    if (button.dataset.action === "open") shared.isHistoryOpen = false;
    if (button.dataset.event === "open") shared.opener = button;
    if (button.dataset.event === "judge") shared.judged = button.id;
    trigger(button.dataset.event, { ...button.dataset });
  }
});

element.addEventListener("change", (event) => {
  const select = event.target.closest("select[data-event]");
  if (select && EVENTS.includes(select.dataset.event))
    trigger(select.dataset.event, { value: select.value });
});

element.addEventListener("submit", (event) => {
  const form = event.target.closest("form[data-event]");
  if (!form || !EVENTS.includes(form.dataset.event)) return;
  event.preventDefault();
  if (form.dataset.event === "judge") shared.judged = event.submitter?.id;
  trigger(form.dataset.event, { ...form.dataset, ...Object.fromEntries(new FormData(form)) });
});

// What is rendered anew stays as open as it was.
element.addEventListener(
  "toggle",
  (event) => {
    if (event.target.matches(".history")) shared.isHistoryOpen = event.target.open;
  },
  true,
);

// A choice made by hand outlives the mark-up that stands for another one.
function keepChoice() {
  for (const option of element.querySelectorAll("select[data-event] > option[selected]"))
    option.parentElement.value = option.value;
}

function keepOpen() {
  const history = element.querySelector(".history");
  if (history && history.open !== !!shared.isHistoryOpen) history.open = !!shared.isHistoryOpen;
}

// The keyboard stays on the button that judged, though all turns are rendered anew.
function keepFocus() {
  const button = shared.judged && element.querySelector(`#${CSS.escape(shared.judged)}`);
  if (!button) return;
  shared.judged = null;
  button.focus({ preventScroll: true });
}

function save(file) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([file.textContent]));
  link.download = file.dataset.name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
}

async function copy(button) {
  const { copy, copyLink, copied } = button.dataset;
  const words = copy ?? new URL(copyLink, location.href).href;
  try {
    await navigator.clipboard.writeText(words);
  } catch {
    copyByHand(words); // beyond loopback browsers give no clipboard to a page without TLS
    button.focus();
  }
  button.dataset.name ??= button.textContent;
  button.textContent = copied;
  setTimeout(() => (button.textContent = button.dataset.name), 2000);
}

function copyByHand(words) {
  const box = document.createElement("textarea");
  box.value = words;
  document.body.append(box);
  box.select();
  document.execCommand("copy");
  box.remove();
}

// A part says with data-settle which state it is in; only a new state moves the view.
let settled = null;
function settle() {
  if (element.querySelector(".suggestions")) fold();
  keepChoice();
  keepOpen();
  keepFocus();
  const part = element.querySelector("[data-settle]");
  const state = part?.dataset.settle ?? null;
  if (state === settled) return;
  settled = state;
  if (!part && element.closest("#source")) leavePlace();
  if (!part) return;
  if (part.dataset.lang) speak(part.dataset);
  if (part.matches(".export")) save(part);
  if (part.matches(".conversation")) showLastTurn(part);
  if (part.matches(".source")) showPlace(part);
}

function showLastTurn(conversation) {
  fold();
  conversation.querySelector(".turn:last-child")?.scrollIntoView();
}

// Suggested questions are spread out until the first question is asked.
function fold() {
  const suggestions = document.querySelector(".suggestions");
  if (suggestions) suggestions.open = !document.querySelector(".turn");
}

function speak({ lang, title }) {
  const isFirst = !shared.isSpeaking;
  shared.isSpeaking = true;
  if (isFirst) shared.follow?.();
  if (isFirst) shared.begin?.();
  document.documentElement.lang = lang;
  document.title = title;
  // A keyboard that slides up over the page would be no welcome, so only where there is a mouse.
  const question = document.querySelector("#question textarea");
  if (document.activeElement === document.body && matchMedia("(pointer: fine)").matches)
    question?.focus({ preventScroll: true });
}

watch("value", settle);
settle();

// Gradio sends on keypress without asking whether an input method is still composing. Safari ends the
// composition first and then tells of the key with the code 229, which its keypress has no more.
if (!shared.guard) {
  shared.guard = (event) => {
    if (event.type === "keydown") shared.isComposing = event.isComposing || event.keyCode === 229;
    else if (shared.isComposing || event.isComposing || event.keyCode === 229)
      event.stopImmediatePropagation();
  };
  for (const type of ["keydown", "keypress"]) document.addEventListener(type, shared.guard, true);
}

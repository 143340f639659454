// Runs once in each HTML part of the page. `element`, `trigger` and `watch` are Gradio's. Documents
// reach the page only as text that the server escaped; nothing here turns text into mark-up.
const EVENTS = ["ask", "open", "back", "clear", "language"];
const shared = (window.yiju ??= { opener: null });

element.addEventListener("click", async (event) => {
  const button = event.target.closest("button");
  if (!button) return;
  if (button.dataset.copy !== undefined) {
    await copy(button);
  } else if (EVENTS.includes(button.dataset.event)) {
    if (button.dataset.event === "open") shared.opener = button;
    trigger(button.dataset.event, { ...button.dataset });
  }
});

element.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && element.querySelector(".source")) trigger("back", {});
});

async function copy(button) {
  try {
    await navigator.clipboard.writeText(button.dataset.copy);
    button.textContent = button.dataset.copied;
  } catch {
    const quote = element.querySelector("#source-quote");
    if (quote) getSelection().selectAllChildren(quote);
  }
}

// A part says with data-settle which state it is in; only a new state moves the view.
let settled = null;
function settle() {
  if (element.querySelector(".suggestions")) fold();
  const part = element.querySelector("[data-settle]");
  const state = part?.dataset.settle ?? null;
  if (state === settled) return;
  settled = state;
  if (!part) return giveBackFocus();
  if (part.dataset.lang) speak(part.dataset);
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
  document.documentElement.lang = lang;
  document.title = title;
  // A keyboard that slides up over the page would be no welcome, so only where there is a mouse.
  const question = document.querySelector("#question textarea");
  if (document.activeElement === document.body && matchMedia("(pointer: fine)").matches)
    question?.focus({ preventScroll: true });
}

function showPlace(source) {
  source.scrollIntoView({ block: "nearest" });
  if (source.getBoundingClientRect().top > innerHeight / 2) source.scrollIntoView();
  source.querySelector("h2").focus({ preventScroll: true });
  const text = source.querySelector(".source-text");
  const place = source.querySelector("#source-words") ?? source.querySelector("#source-quote");
  if (!text) return;
  const offset = place ? place.getBoundingClientRect().top - text.getBoundingClientRect().top : 0;
  text.scrollTop = place ? text.scrollTop + offset - text.clientHeight / 3 : 0;
}

function giveBackFocus() {
  if (shared.opener?.isConnected) shared.opener.focus();
  shared.opener = null;
}

watch("value", settle);
settle();

// Gradio sends on keypress without asking whether an input method is still composing.
if (!shared.guard) {
  shared.guard = (event) => {
    if (event.isComposing || event.keyCode === 229) event.stopImmediatePropagation();
  };
  document.addEventListener("keypress", shared.guard, true);
}

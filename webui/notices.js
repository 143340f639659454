// Runs after page.js in the part that heads the page. NOTICES, which stands before it, holds what
// Gradio's own notices are to say in each language: Gradio says it in English only.

function languageOf(wish) {
  if (!wish.toLowerCase().startsWith("zh")) return "en";
  return /hant|tw|hk|mo/i.test(wish) ? "zh-Hant" : "zh-Hans";
}

function kindOf(message) {
  if (/connection|reconnect/i.test(message)) return "lost";
  return /queue is full|busy|too many/i.test(message) ? "busy" : "trouble";
}

function say(node, words) {
  if (node && node.textContent !== words) node.textContent = words;
}

function translateNotices() {
  const words = NOTICES[document.documentElement.lang] ?? NOTICES.en;
  for (const notice of document.querySelectorAll(".toast-body")) {
    const texts = notice.querySelectorAll(".toast-message-text");
    for (const text of texts) {
      text.dataset.kind ??= kindOf(text.textContent);
      say(text, words[text.dataset.kind]);
    }
    const kind = texts[0]?.dataset.kind ?? "trouble";
    say(notice.querySelector(".toast-title"), words[`${kind}_title`]);
    notice.querySelector(".toast-close")?.setAttribute("aria-label", words.close);
  }
}

document.documentElement.lang = languageOf(navigator.language);
new MutationObserver(translateNotices).observe(document.body, { childList: true, subtree: true });

// A question waits until it can be sent: at first until the page knows its language and conversation,
// later until Gradio has closed the event of the one before, which it does some time after the answer
// is seen, and which the page cannot be told of. What Gradio has taken it shows as pending.
const RETRY_MS = 50;
let retrying = 0;
let isRetry = false;

function wait(event) {
  const isEnter = event.key === "Enter" && !event.shiftKey && event.target.matches("#question textarea");
  if (!(isEnter || event.target.closest("#send"))) return;
  if (shared.isSpeaking) {
    if (!isRetry) retry(questionBox().value);
    return;
  }
  event.preventDefault();
  event.stopImmediatePropagation();
  shared.isAsking = true;
}

function retry(words) {
  giveUp();
  if (!words.trim()) return;
  retrying = setInterval(() => {
    const isTaken = document.querySelector("#question .progress-text");
    if (isTaken || questionBox().value !== words) giveUp();
    else press();
  }, RETRY_MS);
}

function press() {
  isRetry = true;
  document.querySelector("#send").click();
  isRetry = false;
}

function giveUp() {
  clearInterval(retrying);
}

function questionBox() {
  return document.querySelector("#question textarea");
}

shared.begin = () => {
  if (shared.isAsking) setTimeout(() => document.querySelector("#send").click());
};
document.addEventListener("keypress", wait, true);
document.addEventListener("click", wait, true);
// Whoever writes on does not want half of it sent.
for (const type of ["keydown", "input"])
  document.addEventListener(type, (event) => event.target === questionBox() && giveUp(), true);

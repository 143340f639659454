// Runs after page.js in the part that shows a document. The address of what is open stands in the
// browser's own address bar, so that it can be shared, and "back" closes the panel.

const MODIFIED = ["ctrlKey", "metaKey", "altKey"];

element.addEventListener("keydown", (event) => {
  const panel = element.querySelector(".source");
  if (!panel || event.isComposing || event.keyCode === 229 || MODIFIED.some((key) => event[key])) return;
  if (event.target.matches(".find input")) {
    pressInFind(event, event.target);
  } else if (event.key === "Escape") {
    const outline = panel.querySelector(".outline[open]");
    if (!outline) return trigger("back", {});
    outline.open = false;
    outline.querySelector("summary").focus();
  } else if (event.key === "/") {
    event.preventDefault();
    panel.querySelector(".find input")?.select();
  } else {
    pressShortcut(event, panel);
  }
});

function pressShortcut(event, panel) {
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  const button = panel.querySelector(`button[data-key="${CSS.escape(key)}"]`);
  const isScrolling = key.startsWith("Arrow") && panel.querySelector(".source-page.enlarged");
  if (!button || isScrolling) return;
  event.preventDefault();
  button.focus({ preventScroll: true });
  button.click();
}

// Find: Enter looks for what was typed, then goes from place to place; Escape clears it first.

element.addEventListener("submit", (event) => {
  if (!event.target.matches(".find")) return;
  event.preventDefault();
  find(event.target.elements.find, "1");
});

element.addEventListener("input", (event) => {
  const input = event.target;
  if (input.matches(".find input") && !input.value && input.defaultValue) look("find", "");
});

function pressInFind(event, input) {
  if (event.key === "Enter" && event.shiftKey) {
    event.preventDefault();
    find(input, "-1");
  } else if (event.key === "Escape" && input.value) {
    event.preventDefault();
    input.value = "";
    if (input.defaultValue) look("find", "");
  } else if (event.key === "Escape") {
    element.querySelector(".source h2").focus({ preventScroll: true });
  }
}

function find(input, step) {
  const isKnown = input.value === input.defaultValue && element.querySelector(".find button");
  if (isKnown) look("match", step);
  else look("find", input.value);
}

function look(action, value) {
  shared.acted = ".find input";
  trigger("act", { action, value });
}

// The control that was used keeps the keyboard, though the panel is drawn anew.

element.addEventListener("click", (event) => {
  const button = event.target.closest("button[data-action]");
  if (!button) return;
  const { action, value } = button.dataset;
  const step = ["step", "match", "page"].includes(action) && button.hasAttribute("aria-label");
  const sign = step ? `[aria-label="${CSS.escape(button.getAttribute("aria-label"))}"]` : "";
  shared.acted = action === "jump" ? ".outline summary" : `[data-action="${action}"]${sign}`;
});

element.addEventListener("click", (event) => {
  const enlarge = event.target.closest(".enlarge");
  if (!enlarge) return;
  const region = element.querySelector(".source-page");
  const isLarge = region.classList.toggle("enlarged");
  enlarge.setAttribute("aria-pressed", isLarge);
  scrollToPlace(element.querySelector(".source"));
});

element.addEventListener(
  "error",
  (event) => event.target.closest?.("figure")?.classList.add("failed"),
  true,
);

document.addEventListener("click", (event) => {
  const outline = element.querySelector(".outline[open]");
  if (outline && !outline.contains(event.target)) outline.open = false;
});

function showPlace(panel) {
  panel.scrollIntoView({ block: "nearest" });
  scrollToPlace(panel);
  const acted = shared.acted ? panel.querySelector(shared.acted) : null;
  shared.acted = null;
  (acted ?? panel.querySelector("h2")).focus({ preventScroll: true });
  if (acted?.matches("input")) acted.setSelectionRange(acted.value.length, acted.value.length);
  if (panel.dataset.link) remember(panel.dataset.link);
}

function scrollToPlace(panel) {
  const region = panel.querySelector(".source-text, .source-page");
  if (!region) return;
  const { scroll } = panel.dataset;
  if (scroll === "end") {
    region.scrollTop = region.scrollHeight;
    return;
  }
  const place = scroll ? region.querySelector(scroll) : null;
  if (!place) {
    region.scrollTop = 0;
    return;
  }
  const at = place.getBoundingClientRect(), frame = region.getBoundingClientRect();
  region.scrollTop += at.top - frame.top - region.clientHeight / 3;
  region.scrollLeft += at.left - frame.left - region.clientWidth / 4;
}

// The address.

function remember(link) {
  if (location.search === link) return;
  const isOurs = history.state?.source || new URLSearchParams(location.search).has("doc");
  if (isOurs) history.replaceState(history.state, "", link);
  else history.pushState({ ...history.state, source: true }, "", link);
}

function leavePlace() {
  if (shared.opener?.isConnected) shared.opener.focus();
  shared.opener = null;
  if (history.state?.source) history.back();
  else if (new URLSearchParams(location.search).has("doc"))
    history.replaceState(history.state, "", location.pathname);
}

function follow() {
  const parts = Object.fromEntries(new URLSearchParams(location.search));
  if (parts.doc) trigger("follow", parts);
  else if (element.querySelector(".source")) trigger("back", {});
}

addEventListener("popstate", follow);
// Once the page knows its language; see speak() in page.js.
shared.follow = follow;
if (shared.isSpeaking) follow();

// Runs after page.js in the parts that show the documents and take files in.

const tools = (shared.library ??= { open: new Set(), typed: new Map(), focus: null, queue: [], lines: [] });

// What is drawn anew, because somebody changed a document, stays as open and as typed as it was, and
// the keyboard where it was.

element.addEventListener("click", (event) => {
  const button = event.target.closest("button");
  if (button?.dataset.opens) toggle(document.getElementById(button.dataset.opens), button);
  if (button?.matches(".choose")) element.querySelector("#files").click();
  const { event: kind, action } = button?.dataset ?? {};
  if (kind !== "library") return;
  if (action === "delete") tools.focus = "undo";
  tools.open.delete(button.closest("[data-row]")?.dataset.row);
});

function toggle(row, button) {
  row.hidden = !row.hidden;
  button.setAttribute("aria-expanded", `${!row.hidden}`);
  if (row.hidden) tools.open.delete(row.dataset.row);
  else tools.open.add(row.dataset.row);
}

element.addEventListener("input", (event) => {
  const key = event.target.dataset.focus;
  if (key) tools.typed.set(key, event.target.value);
});

element.addEventListener("submit", (event) => {
  for (const input of event.target.elements) tools.typed.delete(input.dataset.focus);
  tools.open.delete(event.target.closest("[data-row]")?.dataset.row);
});

element.addEventListener("focusin", (event) => {
  tools.focus = event.target.dataset.focus ?? null;
});

if (!tools.listens) {
  tools.listens = true;
  document.addEventListener("focusin", (event) => {
    if (!event.target.closest("#documents")) tools.focus = null;
  });
}

function restore() {
  for (const row of element.querySelectorAll("[data-row]")) {
    if (!tools.open.has(row.dataset.row)) continue;
    row.hidden = false;
    element.querySelector(`[data-opens="${row.id}"]`).setAttribute("aria-expanded", "true");
  }
  for (const input of element.querySelectorAll("input[data-focus]")) {
    if (tools.typed.has(input.dataset.focus)) input.value = tools.typed.get(input.dataset.focus);
  }
  if (tools.focus && document.activeElement === document.body)
    element.querySelector(`[data-focus="${CSS.escape(tools.focus)}"]`)?.focus();
}

watch("value", restore);

// Nor does it lose what became of the files, or where the next are to go.
function restoreIntake() {
  const [into, lines] = ["select", ".uploads"].map((part) => element.querySelector(`.intake ${part}`));
  if (!into) return;
  const options = [...into.options].map((option) => option.value);
  into.value = options.includes(tools.into) ? tools.into : options[0];
  if (!lines.children.length) lines.append(...tools.lines);
}

element.addEventListener("change", (event) => {
  if (event.target.matches(".into select")) tools.into = event.target.value;
});

watch("value", restoreIntake);

// Taking files in: one after another, each with its own line that tells what became of it.

element.addEventListener("change", (event) => {
  if (!event.target.matches("#files")) return;
  take([...event.target.files]);
  event.target.value = ""; // so that the same file can be chosen again
});

if (element.closest("#intake") && !tools.drops) {
  tools.drops = true;
  for (const type of ["dragenter", "dragover", "dragleave", "drop"])
    document.addEventListener(type, (event) => {
      if (!event.dataTransfer?.types.includes("Files")) return;
      event.preventDefault(); // else the browser would leave the page for the file
      const zone = document.getElementById("library");
      const isOver = zone.contains(event.target);
      event.dataTransfer.dropEffect = isOver ? "copy" : "none";
      zone.classList.toggle("dropping", isOver && ["dragenter", "dragover"].includes(type));
      if (type === "drop" && isOver) tools.take(dropped(event.dataTransfer));
    });
}
if (element.closest("#intake")) tools.take = take;

function dropped(transfer) {
  const items = [...transfer.items].filter((item) => item.kind === "file");
  const isFolder = (item) => item.webkitGetAsEntry?.()?.isDirectory;
  if (items.some(isFolder)) list("", element.querySelector(".intake").dataset.noFolders, "refused");
  return items.filter((item) => !isFolder(item)).map((item) => item.getAsFile()).filter(Boolean);
}

async function take(files) {
  const intake = element.querySelector(".intake");
  const collection = intake.querySelector("select").value;
  for (const file of files) {
    const line = list(file.name, intake.dataset.waiting, "waiting");
    tools.queue.push({ file, line, collection, words: intake.dataset });
  }
  if (tools.isSending) return;
  tools.isSending = true;
  const changed = new Set();
  while (tools.queue.length) {
    const next = tools.queue.shift();
    const { outcome, said } = await send(next);
    tell(next.line, said, outcome);
    if (outcome === "added") changed.add(next.collection);
  }
  tools.isSending = false;
  for (const name of changed) trigger("library", { action: "uploaded", collection: name });
}

async function send(upload) {
  if (upload.file.size > Number(upload.words.limit))
    return { outcome: "refused", said: upload.words.tooLarge };
  for (;;) {
    const answer = await post(upload);
    if (answer.status !== 429) return answer;
    await new Promise((done) => setTimeout(done, 1000 * (answer.wait || 1)));
  }
}

function post({ file, line, collection, words }) {
  const query = new URLSearchParams({ collection, name: file.name, lang: words.lang });
  const broken = { outcome: "refused", said: words.notSent };
  return new Promise((done) => {
    const request = new XMLHttpRequest();
    request.open("POST", `upload?${query}`);
    request.responseType = "json";
    request.upload.onprogress = ({ loaded, total }) =>
      tell(line, words.sending.replace("{percent}", Math.floor((100 * loaded) / total)), "sending");
    request.onload = () => {
      if (request.status === 401) location.reload();
      const wait = Number(request.getResponseHeader("Retry-After"));
      const answer = request.response?.outcome ? request.response : broken;
      done({ status: request.status, wait, ...answer });
    };
    request.onerror = request.onabort = () => done(broken);
    request.send(file);
  });
}

function list(name, said, state) {
  const line = document.createElement("li");
  line.append(document.createElement("bdi"), " ", document.createElement("span"));
  line.firstChild.textContent = name;
  tell(line, said, state);
  const lines = element.querySelector(".uploads");
  lines.prepend(line);
  while (lines.children.length > 200) lines.lastChild.remove();
  tools.lines = [...lines.children];
  return line;
}

function tell(line, said, state) {
  line.dataset.state = state;
  line.lastChild.textContent = said;
}

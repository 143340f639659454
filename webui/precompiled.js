// Gradio makes functions of text: of each HTML part's template, twice, and of its script. The policy
// of the page forbids that, so that no text can ever become code. Those few functions stand in
// `scripts`, written by the server; whatever else wants to be compiled is refused by the browser.
((scripts) => {
  const HTML = "return `${value}`;";
  const NOTHING = "return ``;";
  const CONSTANT = /^\s*return ("(?:[^"\\]|\\.)*");\s*$/; // what Handlebars makes of a plain template

  function find(names, body) {
    if (body === HTML) return (...values) => `${values[names.indexOf("value")]}`;
    if (body === NOTHING) return () => "";
    const constant = CONSTANT.exec(body);
    if (constant) return () => JSON.parse(constant[1]);
    return scripts.get(body);
  }

  const make = (compile) => (...parts) => {
    const texts = parts.flat().map(String);
    return find(texts.slice(0, -1), texts.at(-1)) ?? compile(...texts);
  };
  window.Function = new Proxy(Function, {
    apply: (target, self, parts) => make(target)(...parts),
    construct: (target, parts) => make(target)(...parts),
  });

  // A session that has ended shows as the login form, which leads back here.
  const send = window.fetch;
  window.fetch = async (...request) => {
    const response = await send(...request);
    if (response.status === 401) location.reload();
    return response;
  };
})

"""HTML elements: what each means for the text of a page, after the HTML standard's rendering."""

# Line breaks before and after an element's text: 1 begins a line, 2 a paragraph.
BREAKS = {
    **dict.fromkeys(("address", "body", "center", "dd", "details", "dialog", "div", "dt"), 1),
    **dict.fromkeys(("figcaption", "form", "hgroup", "html", "legend", "li", "marquee"), 1),
    **dict.fromkeys(("optgroup", "option", "select", "summary", "tbody", "td", "text"), 1),
    **dict.fromkeys(("tfoot", "th", "thead", "tr"), 1),
    **dict.fromkeys(("article", "aside", "blockquote", "caption", "dir", "dl", "fieldset"), 2),
    **dict.fromkeys(("figure", "footer", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr"), 2),
    **dict.fromkeys(("listing", "main", "menu", "nav", "ol", "p", "pre", "search", "section"), 2),
    **dict.fromkeys(("table", "textarea", "ul", "xmp"), 2),
}
HEADINGS = {f"h{level}": level for level in range(1, 7)}
LISTS = {"dir", "dl", "menu", "ol", "ul"}
PREFORMATTED = {"listing", "pre", "textarea", "xmp"}
# What is never drawn, stands in for what is, or says how to read it.
UNSEEN = {
    *("annotation", "annotation-xml", "audio", "canvas", "datalist", "desc", "head", "iframe"),
    *("metadata", "noembed", "noframes", "noscript", "object", "rp", "rt", "rtc", "script"),
    *("style", "template", "title", "video"),
}
VOID = {
    *("area", "base", "basefont", "bgsound", "br", "col", "embed", "frame", "hr", "image", "img"),
    *("input", "keygen", "link", "meta", "param", "source", "track", "wbr"),
}
# Their content is not markup.
RAW = {"iframe", "noembed", "noframes", "script", "style", "textarea", "title", "xmp"}
# The next of their kind ends them, so they do not nest when their ends are left out.
ENDED_BY_OTHERS = {
    *("body", "caption", "colgroup", "dd", "dt", "head", "html", "li", "optgroup", "option", "p"),
    *("rb", "rp", "rt", "rtc", "tbody", "td", "tfoot", "th", "thead", "tr"),
}
# Left open, they are opened again in every later paragraph.
FORMATTING = {
    *("a", "b", "big", "code", "em", "font", "i", "nobr", "s", "small", "strike", "strong", "tt"),
    "u",
}

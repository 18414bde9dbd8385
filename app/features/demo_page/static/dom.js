/** Elements, the page's step, and what is said aloud: everything that touches the document at large. */

/** An element. Functions become listeners, true a bare attribute, false and null nothing. */
export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") element.addEventListener(name, value);
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false && value != null) element.setAttribute(name, value);
  }
  element.append(...children.flat(2).filter((child) => child != null && child !== false));
  return element;
}

export const button = (label, click, kind = "quiet") => h("button", { type: "button", class: kind, click }, label);

/** A link that leaves the service: to Calendly's own pages, or into a conference. */
export const outward = (label, href, kind) => h("a", { href, class: kind, rel: "noreferrer" }, label);

export function say(text) {
  document.getElementById("status").textContent = text;
}

/** Milliseconds in which a double click may end: its second half is not meant for what has come under it meanwhile. */
const DOUBLE_CLICK = 300;

let shown = false;
let arriving = null;

/** Show a step. The heading takes the focus, but not on arrival: there the browser starts at the top. */
export function showStep(number, title, ...content) {
  const heading = h("h1", { tabindex: "-1" }, title);
  document.title = `${title} · Book a time`;
  document.getElementById("main").replaceChildren(heading, ...content.filter(Boolean));
  const progress = document.getElementById("progress");
  progress.hidden = !number;
  [...progress.querySelectorAll("li")].forEach((item, index) => {
    item.classList.toggle("past", index + 1 < number);
    if (index + 1 === number) item.setAttribute("aria-current", "step");
    else item.removeAttribute("aria-current");
  });
  if (shown) {
    clearTimeout(arriving);
    document.body.classList.add("arriving");
    arriving = setTimeout(() => document.body.classList.remove("arriving"), DOUBLE_CLICK);
    heading.focus({ preventScroll: true });
    window.scrollTo(0, 0);
  }
  shown = true;
  return heading;
}

/** A box that says what went wrong, and offers ways on. */
export function panel(title, text, ...ways) {
  return h(
    "section",
    { class: "panel", tabindex: "-1" },
    h("h2", {}, title),
    text && h("p", {}, text),
    ways.some(Boolean) && h("div", { class: "ways" }, ...ways),
  );
}

export const loading = (text) => h("p", { class: "loading" }, text);

/** The host's colour for an event type, as an ornament. The policy of this page allows no style attributes. */
export function tinted(element, color) {
  if (/^#[\da-f]{6}$/i.test(color ?? "")) element.style.setProperty("--tint", color);
  return element;
}

/** The third step: the form, and everything that can come of sending it. */

import { book, getForm, isUnsettled } from "./api.js";
import { shortly } from "./dates.js";
import { button, h, loading, outward, panel, say, showStep } from "./dom.js";
import { drawForm, forgetDrafts } from "./form.js";
import { summaryOf } from "./summary.js";

export function showDetails({ eventType, start, zone, onMoved, onBooked }) {
  let form = null;
  let sending = false;
  const back = `#/${encodeURIComponent(eventType.slug ?? eventType.id)}`;
  const side = h("div");
  const troubles = h("div", { class: "troubles" });
  const holder = h("div", {}, loading("Reading the form …"));
  const send = h("button", { class: "strong" });
  const sheet = h("form", { novalidate: true, hidden: true }, holder, h("div", { class: "ways" }, send));
  sheet.addEventListener("submit", (event) => {
    event.preventDefault();
    submit(form.fill({ eventTypeId: eventType.id, start, timeZone: zone }));
  });
  const hint = h("p", { class: "help" }, "All of this is needed, unless it says optional.");
  const main = h("div", { class: "details" }, troubles, hint, sheet);
  showStep(3, "Your details", h("a", { href: back, class: "back" }, "Another time"), h("div", { class: "columns" }, side, main));
  showTime();
  read();

  function showTime() {
    side.replaceChildren(summaryOf(eventType, start, zone));
    send.textContent = `Book for ${shortly(start, zone)}`;
  }

  async function read(notice) {
    say("Reading the form");
    try {
      form = drawForm(await getForm(eventType.id, notice ? "reload" : "default"));
    } catch (problem) {
      return trouble(problem.heading, problem.text, button("Try again", () => read(notice), "strong"), hosted(problem));
    }
    holder.replaceChildren(form.element);
    sheet.hidden = hint.hidden = false;
    troubles.replaceChildren();
    if (notice) trouble(...notice);
    else say("The form is ready");
  }

  const hosted = (problem) => outward("Book on Calendly’s page", problem.hostedUrl ?? eventType.hostedUrl, "quiet");

  /** Above the form, which stays as it is; the focus goes there, lest it be missed. */
  function trouble(...parts) {
    const box = panel(...parts);
    troubles.replaceChildren(box);
    say(parts[0]);
    box.focus();
  }

  async function submit(body) {
    if (sending) return;
    sending = true;
    form.settle();
    if (sheet.hidden) troubles.replaceChildren(loading("Asking again …"));
    send.setAttribute("aria-disabled", "true");
    send.textContent = "Booking …";
    say("Booking");
    try {
      const booking = await book(body);
      forgetDrafts();
      onBooked(booking);
    } catch (problem) {
      refused(problem, body);
    } finally {
      sending = false;
      send.removeAttribute("aria-disabled");
      showTime();
    }
  }

  function refused(problem, body) {
    troubles.replaceChildren();
    sheet.hidden = hint.hidden = isUnsettled(problem);
    if (isUnsettled(problem)) return unsettled(problem, body);
    const { code, heading, text } = problem;
    if (code === "invalid_request") form.refuse(problem.errors);
    else if (code === "slot_taken") taken(problem);
    else if (code === "form_changed") read(["The form has changed", "What you typed is still there. Look it over and book again."]);
    else if (code === "use_hosted_page") trouble(heading, text, outward("Go on to Calendly", problem.hostedUrl, "strong"));
    else trouble(heading, text, hosted(problem));
  }

  /** The form is put away: another body would be another booking, and the first may have been made. */
  function unsettled(problem, body) {
    const text = "We do not know yet whether your time is booked. Ask again: it is booked once, however often you ask.";
    trouble(problem.heading, text, button("Ask again", () => submit(body), "strong"), hosted(problem));
  }

  function taken({ heading, text, alternatives = [] }) {
    // Nearest first, they come; a list of times is read by the clock.
    const inOrder = alternatives.toSorted((one, other) => Date.parse(one.start) - Date.parse(other.start));
    const others = inOrder.map((slot) => h("li", {}, button(shortly(slot.start, zone), () => move(slot.start), "slot")));
    if (!others.length) return trouble(heading, "What you typed stays.", h("a", { href: back, class: "strong" }, "See all free times"));
    trouble(heading, text, h("ul", { class: "slots wide" }, others), h("a", { href: back, class: "quiet" }, "See all free times"));
  }

  /** The focus goes to the button that books it, which names the time. */
  function move(other) {
    start = other;
    onMoved(other);
    showTime();
    troubles.replaceChildren();
    send.focus();
    say(`Your time is now ${shortly(other, zone)}. It is not booked yet.`);
  }
}

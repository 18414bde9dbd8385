/** The third step: the form, and everything that can come of sending it. */

import { meetingAt } from "./addresses.js";
import { book, getForm } from "./api.js";
import { shortly } from "./dates.js";
import { button, h, loading, panel, say, showStep } from "./dom.js";
import { drawForm } from "./form.js";
import { summaryOf } from "./summary.js";
import { troubleBox } from "./troubles.js";
import { insist } from "./waiting.js";

export function showDetails({ eventType, start, zone, onMoved, onBooked }) {
  let form = null;
  let sending = false;
  const back = meetingAt(eventType);
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
      return trouble(problem, { ways: [button("Try again", () => read(notice), "strong")] });
    }
    holder.replaceChildren(form.element);
    sheet.hidden = hint.hidden = false;
    troubles.replaceChildren();
    if (notice) tell(panel(...notice));
    else say("The form is ready");
  }

  const trouble = (problem, more) => tell(troubleBox(problem, { hosted: ["Book on Calendly’s page", eventType.hostedUrl], ...more }));

  /** Above the form, which stays as it is; the focus goes there, lest it be missed. */
  function tell(box) {
    troubles.replaceChildren(box);
    say(box.querySelector("h2").textContent);
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
      const made = await insist(() => book(body), () => say("Still booking"));
      onBooked(made);
    } catch (problem) {
      if (main.isConnected) refused(problem, body);
    } finally {
      sending = false;
      send.removeAttribute("aria-disabled");
      showTime();
    }
  }

  function refused(problem, body) {
    troubles.replaceChildren();
    const { code, open } = problem;
    sheet.hidden = hint.hidden = open;
    if (open) return unsettled(problem, body);
    if (code === "invalid_request") form.refuse(problem.errors);
    else if (code === "form_changed") read(["The form has changed", "What you typed is still there. Look it over and book again."]);
    else trouble(problem, { zone, choose: move, all: back });
  }

  /** The form is put away: another body would be another booking, and the first may have been made. */
  function unsettled(problem, body) {
    const text = "We do not know yet whether your time is booked. Ask again: it is booked once, however often you ask.";
    trouble(problem, { text, hosted: null, ways: [button("Ask again", () => submit(body), "strong")] });
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

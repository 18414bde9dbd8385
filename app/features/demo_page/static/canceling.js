/** "Change of plans": the way to another time, and canceling, which is asked about once more. */

import { bookingAt } from "./addresses.js";
import { cancelBooking } from "./api.js";
import { button, h, say } from "./dom.js";
import { sentence } from "./ticket.js";
import { isFinal, isUnsettled, troubleBox } from "./troubles.js";
import { insist } from "./waiting.js";

const REASON_LENGTH = 1000;

/** `onChanged` is told the booking as it then is, as `readBooking` would give it; `onStale` has to read it. */
export function changePart(booking, key, { onChanged, onStale }) {
  const cancel = button("Cancel the booking", ask);
  const ways = h("div", { class: "ways" }, h("a", { href: bookingAt(key, "move"), class: "quiet" }, "Choose another time"), cancel);
  const part = h("section", { class: "part", "aria-labelledby": "change" }, h("h2", { id: "change" }, "Change of plans?"), ways);

  function ask() {
    const form = cancelForm(booking, key, {
      onChanged,
      onStale,
      onKept: () => {
        form.replaceWith(ways);
        cancel.focus();
        say("Your booking stays");
      },
    });
    ways.replaceWith(form);
    form.querySelector("h3").focus();
  }

  return part;
}

function cancelForm(booking, key, { onChanged, onStale, onKept }) {
  let sending = false;
  const reason = h("textarea", { id: "reason", rows: 3, maxlength: REASON_LENGTH, autocomplete: "off", "aria-describedby": "reason-help" });
  const send = h("button", { class: "strong alarming" }, "Yes, cancel it");
  const troubles = h("div", { class: "troubles" });
  const field = h(
    "div",
    { class: "field" },
    h("label", { for: "reason" }, "Reason", h("span", { class: "optional" }, " (optional)")),
    h("p", { id: "reason-help", class: "help" }, `${booking.host.name || "Your host"} gets to read it.`),
    reason,
  );
  const element = h(
    "form",
    { novalidate: true, class: "question" },
    h("h3", { tabindex: "-1" }, `Cancel ${sentence(booking)}?`),
    troubles,
    field,
    h("div", { class: "ways" }, send, button("Keep it", onKept)),
  );
  element.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (sending) return;
    sending = true;
    send.setAttribute("aria-disabled", "true");
    say("Canceling");
    try {
      const changed = await insist(() => cancelBooking(key, reason.value.trim()), () => say("Still canceling"));
      if (element.isConnected) onChanged(changed);
    } catch (problem) {
      if (element.isConnected) tell(problem);
    } finally {
      sending = false;
      send.removeAttribute("aria-disabled");
    }
  });

  function tell(problem) {
    const { code, heading, text } = problem;
    const told = TEXTS[code] ?? (isUnsettled(problem) ? UNSURE : `${text} Your booking stays for now.`);
    const box = troubleBox(
      { ...problem, heading: HEADINGS[code] ?? heading },
      {
        text: told,
        ways: [code === "booking_not_changeable" && button("See how it stands", onStale, "strong")],
        hosted: ["Cancel on Calendly’s page", booking.hosted.cancelUrl],
      },
    );
    field.hidden = send.hidden = isFinal(problem);
    troubles.replaceChildren(box);
    say(box.querySelector("h2").textContent);
    box.focus();
  }

  return element;
}

const UNSURE = "We do not know yet whether it is canceled. Try again: that does no harm.";

const HEADINGS = { use_hosted_page: "Please cancel on Calendly" };

const TEXTS = {
  booking_not_changeable: "It was canceled or moved already, or the meeting has begun.",
  use_hosted_page: "Others sit in the same meeting: your seat can only be given up on Calendly’s own page.",
  not_found: "The link of this page is no longer good. The mails from Calendly have links of their own.",
};

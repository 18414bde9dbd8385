/** Moving a booking: another time from the same calendar, a last look, and what comes of it. */

import { bookingAt, go, goInstead, meetingAt } from "./addresses.js";
import { moveBooking, readBooking } from "./api.js";
import { arriveAt, showBooking } from "./booking.js";
import { ending, knownZone, shortly } from "./dates.js";
import { button, h, loading, outward, panel, say, showStep } from "./dom.js";
import { when } from "./summary.js";
import { sentence } from "./ticket.js";
import { chosenZone, showTimes } from "./times.js";
import { isFinal, isUnsettled, troubleBox } from "./troubles.js";
import { insist } from "./waiting.js";

/** Read for the calendar: the last look need not read it again. */
let handed = null;

/** `find(id)` gives the event type, if it is still offered. Without `start`, the calendar. */
export async function showMove(key, start, find) {
  const booking = await movable(key);
  if (!booking) return;
  const eventType = find(booking.eventTypeId);
  if (!eventType?.bookable) showElsewhere(booking, key);
  else if (start) showLastLook(booking, key, start, eventType);
  else showCalendar(booking, key, eventType);
}

/** Undefined where it cannot be moved, which is then shown, or the visitor has left. */
async function movable(key) {
  const given = handed;
  handed = null;
  if (given?.id === key.id) return given;
  const heading = showStep(0, "Choose another time", loading("Looking up your booking …"));
  say("Looking up your booking");
  let read;
  try {
    read = await readBooking(key);
  } catch {
    // It is told there, with all that belongs to it.
    if (heading.isConnected) showBooking(key);
    return undefined;
  }
  if (!heading.isConnected) return undefined;
  if (read.booking.status === "confirmed") return read.booking;
  arriveAt(read);
  return undefined;
}

const backTo = (key) => ["Back to your booking", bookingAt(key)];

const backLink = ([label, href]) => h("a", { href, class: "back" }, label);

function showElsewhere(booking, key) {
  const { rescheduleUrl } = booking.hosted;
  const text = "This meeting is not offered here any more.";
  const link = rescheduleUrl && outward("Go on to Calendly", rescheduleUrl, "strong");
  showStep(0, "Choose another time", backLink(backTo(key)), panel("Please move it on Calendly", text, link));
}

function showCalendar(booking, key, eventType) {
  const onTime = (slot) => {
    handed = booking;
    go(bookingAt(key, "move", slot));
  };
  showTimes(eventType, onTime, {
    step: 0,
    title: "Choose another time",
    back: backTo(key),
    note: `Now: ${sentence(booking)}.`,
  });
}

function showLastLook(booking, key, start, eventType) {
  const zone = chosenZone();
  const all = bookingAt(key, "move");
  const troubles = h("div", { class: "troubles" });
  const label = `Move it to ${shortly(start, zone)}`;
  const send = button(label, move, "strong");
  let sending = false;
  const ticket = h(
    "dl",
    { class: "ticket" },
    when(start, ending(start, eventType.durationMinutes), zone, "New time"),
    when(booking.start, booking.end, knownZone(booking.timeZone), "Old time"),
  );
  showStep(
    0,
    "Move your booking?",
    backLink(["Another time", all]),
    troubles,
    ticket,
    h("p", { class: "help keep" }, "The new time is booked first; then the old one is canceled. Calendly sends you a mail about each."),
    h("div", { class: "ways" }, send, h("a", { href: bookingAt(key), class: "quiet" }, "Keep the old time")),
  );

  async function move() {
    if (sending) return;
    sending = true;
    send.setAttribute("aria-disabled", "true");
    send.textContent = "Moving …";
    say("Moving your booking");
    try {
      const { booking: moved, retryAfter } = await insist(() => moveBooking(key, start), () => say("Still moving"));
      const { previous, emails } = moved;
      arriveAt({ booking: moved, retryAfter }, { from: key, previous, emails });
    } catch (problem) {
      if (send.isConnected) tell(problem);
    } finally {
      sending = false;
      send.removeAttribute("aria-disabled");
      send.textContent = label;
    }
  }

  function tell(problem) {
    const { code, heading, text } = problem;
    if (code === "not_found") return showBooking(key);
    const told = TEXTS[code] ?? (isUnsettled(problem) ? UNSURE : `${text} Your old time stays.`);
    const choose = (other) => {
      handed = booking;
      goInstead(bookingAt(key, "move", other));
    };
    const stands = h("a", { href: bookingAt(key), class: "strong" }, "See how it stands");
    const box = troubleBox(
      { ...problem, heading: HEADINGS[code] ?? heading },
      {
        text: told,
        ways: [code === "booking_not_changeable" && stands],
        hosted: ["Move it on Calendly’s page", booking.hosted.rescheduleUrl],
        zone,
        choose,
        all,
      },
    );
    send.hidden = isFinal(problem);
    troubles.replaceChildren(box);
    say(box.querySelector("h2").textContent);
    box.focus();
  }
}

const UNSURE = "We do not know yet whether it is moved. Ask again: it is moved once, however often you ask.";

const HEADINGS = { use_hosted_page: "Please move it on Calendly" };

const TEXTS = {
  slot_taken: "Choose another one. Your old time stays until then.",
  use_hosted_page: "This booking can only be moved on Calendly’s own page. Your old time stays until then.",
  booking_not_changeable: "It was canceled or moved already, or the meeting has begun.",
};

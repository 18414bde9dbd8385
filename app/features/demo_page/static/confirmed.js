/** A booking that stands: all there is to know of it, and what only shows a little later. */

import { readBooking } from "./api.js";
import { changePart } from "./canceling.js";
import { dayOf, knownZone } from "./dates.js";
import { h, outward, say, showStep } from "./dom.js";
import { calendarPart, keyOf, othersLink, sentence, ticketOf } from "./ticket.js";
import { askUntil } from "./waiting.js";

/** `on` is what `changePart` tells. */
export function showConfirmed(booking, on) {
  const key = keyOf(booking);
  const ticket = ticketOf(booking);
  const title = "You are booked";
  showStep(
    4,
    title,
    h("p", { class: "lead" }, `${sentence(booking)}.`),
    movedNote(booking),
    h(
      "div",
      { class: "booking" },
      ticket.element,
      h("div", {}, calendarPart(booking, key), key ? changePart(booking, key, on) : elsewherePart(), hostedPart(booking)),
    ),
    key && keepPart(booking),
    h("div", { class: "ways" }, othersLink()),
  );
  say(title);
  if (key && booking.location?.status === "pending") awaitLink(ticket, key);
}

function elsewherePart() {
  return h(
    "section",
    { class: "part" },
    h("h2", {}, "Change of plans?"),
    h("p", {}, "This booking was there already. The mails from Calendly have the links with which to move or cancel it."),
  );
}

function hostedPart({ hosted: { rescheduleUrl, cancelUrl } }) {
  if (!rescheduleUrl && !cancelUrl) return null;
  const links = [rescheduleUrl && outward("move it", rescheduleUrl), cancelUrl && outward("cancel it", cancelUrl)].filter(Boolean);
  return h("p", { class: "help" }, "On Calendly’s own pages: ", links.flatMap((link, index) => (index ? [" or ", link] : [link])), ".");
}

export function keepPart({ manage, timeZone }) {
  const until = dayOf(manage.expiresAt, knownZone(timeZone));
  return h("p", { class: "help keep" }, `The address of this page leads back here until ${until}. Keep it to yourself: whoever has it can move or cancel the booking.`);
}

/** How often a conference's link is asked for. */
const LINK_ASKED = 5;

async function awaitLink(ticket, key) {
  const found = await askUntil(ticket.element, async (asked) => {
    const { booking } = await readBooking(key).catch(() => ({}));
    if (booking?.location && booking.location.status !== "pending") return booking.location;
    return asked < LINK_ASKED ? 2 * asked : { gaveUp: true };
  });
  if (!found) return;
  if (found.gaveUp) return say("The link will follow");
  ticket.place(found);
  say(found.joinUrl ? "The link to join the meeting is here now" : "The link to join could not be made");
}

const MAILS = { confirmation: "that the new time is booked", cancellation: "that the old one is canceled" };

/** What became of the booking whose place this one took. */
function movedNote({ rescheduledFrom }) {
  if (!rescheduledFrom) return null;
  const { from, previous, emails = Object.keys(MAILS) } = history.state?.moved ?? {};
  const note = h("p", { class: "note" });
  const mails = emails.filter((mail) => MAILS[mail]).map((mail, index) => `${index ? "another" : "one"} ${MAILS[mail]}`);
  const count = mails.length === 1 ? "a mail" : "two mails";
  const tell = (status) => (note.textContent = `${standingOfOld(status)} Expect ${count} from Calendly: ${mails.join(", ")}.`);
  tell(previous?.status);
  if (from && previous?.status !== "canceled") awaitOld(note, from, tell);
  return note;
}

function standingOfOld(status) {
  if (status === "canceled") return "Your old time is canceled.";
  if (status === "canceling") return "Your old time is still being canceled: Calendly has not let us yet. That goes on by itself, and you need do nothing.";
  return "This takes the place of your earlier booking.";
}

async function awaitOld(note, from, tell) {
  const gone = await askUntil(note, async () => {
    const { booking } = await readBooking(from).catch(() => ({}));
    if (booking?.status === "canceled") return true;
    if (booking) tell("canceling");
    return null;
  });
  if (!gone) return;
  const { moved } = history.state;
  history.replaceState({ moved: { ...moved, previous: { status: "canceled" } } }, "");
  tell("canceled");
  say("Your old time is canceled");
}

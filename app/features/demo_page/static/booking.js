/** One booking after it was made: how it stands, and what can be done about it. */

import { bookingAt, goInstead, meetingAt } from "./addresses.js";
import { attemptedBody, book, closeAttempt, forgetAttempt, readBooking } from "./api.js";
import { keepPart, showConfirmed } from "./confirmed.js";
import { knownZone } from "./dates.js";
import { button, h, loading, panel, say, showStep } from "./dom.js";
import { forgetDrafts } from "./form.js";
import { fileButton, keyOf, othersLink, sentence, ticketOf } from "./ticket.js";
import { troubleBox } from "./troubles.js";
import { askUntil, insist } from "./waiting.js";

/** What has just been answered, for the step that comes next: it need not ask at once. */
let handed = null;

/** Go to a booking in place of what is shown. `moved` is what is known of the one whose place it took. */
export function arriveAt({ booking, retryAfter }, moved = null) {
  handed = { booking, retryAfter };
  if (booking.manage) goInstead(keyed(booking), { moved });
  else goInstead("#/booked", { booking });
}

const keyed = (booking) => bookingAt(keyOf(booking));

/** `key` is null for an address that cannot be any booking's. */
export async function showBooking(key) {
  const given = handed?.booking.id === key?.id ? handed : null;
  handed = null;
  if (!key) return showDead();
  if (given) return show(given);
  const heading = showStep(0, "Your booking", loading("Looking it up …"));
  say("Looking up your booking");
  try {
    const read = await readBooking(key);
    if (heading.isConnected) show(read);
  } catch (problem) {
    if (heading.isConnected) unread(problem, key);
  }
}

/** Booked before, by somebody who said the same: it can be shown, and not managed. */
export function showJoined(booking) {
  show({ booking, retryAfter: null });
}

function showDead() {
  const text = "The link is wrong, or older than a week after the meeting. The mails from Calendly have links of their own.";
  showStep(0, "This link leads to no booking", h("p", {}, text), h("a", { href: "#/", class: "strong" }, "All meetings"));
}

function unread(problem, key) {
  if (problem.status === 404 || problem.status === 401 || problem.status === 422) return showDead();
  const text = `${problem.text} Your booking is not touched by that.`;
  showStep(0, "Your booking", panel(problem.heading, text, button("Try again", () => showBooking(key), "strong")));
  say(problem.heading);
}

const SHOW = {
  confirmed: (booking) => showConfirmed(booking, { onChanged: canceledHere, onStale: () => showBooking(keyOf(booking)) }),
  confirming: showConfirming,
  canceled: showCanceled,
  failed: showFailed,
};

/** The token may have changed: one that knows more is worth keeping. */
function show({ booking, retryAfter }) {
  if (booking.manage) history.replaceState(history.state, "", keyed(booking));
  if (booking.status === "confirmed") settled(booking);
  if (booking.status === "failed") closeAttempt(booking.id);
  SHOW[booking.status](booking, retryAfter);
}

/** Kept over a reload: the API does not say why a booking is no more. */
function canceledHere(changed) {
  history.replaceState({ ...history.state, canceled: true }, "");
  show(changed);
}

function settled({ id }) {
  forgetAttempt(id);
  forgetDrafts();
}

const again = ({ eventTypeId }, kind) => h("a", { href: meetingAt({ id: eventTypeId }), class: kind }, "Book another time");

function showConfirming(booking, retryAfter) {
  const title = "Your booking is being confirmed";
  const waiting = loading("Waiting for Calendly’s word …");
  showStep(
    0,
    title,
    h("p", { class: "lead" }, "It was sent, and Calendly has not said yet whether it is booked. Please do not book it again. We keep asking, and this page then says how it went; mostly that takes less than a minute."),
    waiting,
    ticketOf(booking).element,
    booking.manage ? keepPart(booking) : askPart(booking),
  );
  say(`${title}. Please do not book it again.`);
  if (booking.manage) awaitWord(waiting, keyOf(booking), retryAfter);
}

/** Without a token, only the same request with the same key can tell more. */
function askPart(booking) {
  const troubles = h("div", { class: "troubles" });
  const text = h("p", { class: "help keep" }, "Once it is booked, Calendly sends a mail with links to move and cancel it.");
  return h("div", {}, text, troubles, h("div", { class: "ways" }, repeatButton("Ask again", booking, troubles)));
}

async function awaitWord(waiting, key, retryAfter) {
  const made = await askUntil(
    waiting,
    async () => {
      try {
        const read = await readBooking(key);
        waiting.textContent = "Waiting for Calendly’s word …";
        return read.booking.status === "confirming" ? read.retryAfter : read;
      } catch (problem) {
        if (problem.status === 404) return { dead: true };
        waiting.textContent = `${problem.heading}. We keep asking.`;
        return problem.retryAfter ?? null;
      }
    },
    retryAfter,
  );
  if (made?.dead) showDead();
  else if (made) show(made);
}

function showCanceled(booking) {
  const title = "Your booking is canceled";
  const here = `Calendly tells you and ${booking.host.name || "your host"} by mail.`;
  const elsewhere = "If it was moved, the new time is in the mail from Calendly.";
  showStep(
    0,
    title,
    h("p", { class: "lead" }, `${sentence(booking)} is off. ${history.state?.canceled ? here : elsewhere}`),
    ticketOf(booking).element,
    h("div", { class: "ways" }, again(booking, "strong"), booking.manage && fileButton("Calendar file of the cancellation", keyOf(booking)), othersLink()),
  );
  say(title);
}

function showFailed(booking) {
  const title = "Nothing was booked";
  const moved = history.state?.moved;
  const { name, rescheduledFrom } = booking;
  const what = name ? `${sentence(booking)} could not be booked` : "Your booking could not be made";
  const stays = rescheduledFrom ? " Your earlier time stays as it was." : "";
  const troubles = h("div", { class: "troubles" });
  const ways = rescheduledFrom ? [moved?.from && h("a", { href: bookingAt(moved.from), class: "strong" }, "Your booking")] : waysOn(booking, troubles);
  showStep(0, title, h("p", { class: "lead" }, `${what}: Calendly did not take it.${stays}`), troubles, h("div", { class: "ways" }, ways, othersLink()));
  say(`${title}.${stays}`);
}

function waysOn(booking, troubles) {
  const repeat = repeatButton("Try the same again", booking, troubles);
  const form = h("a", { href: meetingAt({ id: booking.eventTypeId }, booking.start), class: "quiet" }, "Look over the form");
  return [repeat, repeat && form, again(booking, repeat ? "quiet" : "strong")];
}

/** The very same with the same key, where it is known here what that was; else null. */
function repeatButton(label, booking, troubles) {
  const body = attemptedBody(booking.id);
  const all = meetingAt({ id: booking.eventTypeId });
  const choose = (start) => goInstead(meetingAt({ id: booking.eventTypeId }, start));
  let sending = false;

  async function repeat() {
    if (sending) return;
    sending = true;
    troubles.replaceChildren(loading("Asking …"));
    say("Asking");
    try {
      arriveAt(await insist(() => book(body), () => say("Still booking")));
    } catch (problem) {
      const box = troubleBox(problem, { hosted: problem.open ? null : ["Book on Calendly’s page"], zone: knownZone(booking.timeZone), choose, all });
      troubles.replaceChildren(box);
      say(problem.heading);
      box.focus();
    } finally {
      sending = false;
    }
  }

  return body && button(label, repeat, "strong");
}

/** The public API of the service, and its failures in a visitor's words. */

const ROOT = "/api/v1";

/** Reasons, by problem code; what is not here is told by the problem's own title. */
const WORDS = {
  unreachable: ["No connection", "The service could not be reached. Check your connection and try again."],
  not_found: ["Not here", "This cannot be booked any more, or the link is wrong."],
  slot_taken: ["This time has just been taken", "Choose another one. What you typed stays."],
  use_hosted_page: ["Please book on Calendly", "This meeting can only be booked on Calendly’s own page."],
  booking_in_flight: ["Still being booked", "It is not settled yet. Ask again: it is booked only once, however often you ask."],
  booking_not_changeable: ["This can no longer be changed", "The booking was canceled or moved, or the meeting has begun."],
  upstream_failed: ["Calendly has a problem", "Calendly did not give a usable answer."],
  upstream_refused_us: ["Calendly has a problem", "Calendly does not let this service in at the moment."],
  upstream_busy: ["Calendly is busy", "Calendly takes no more requests at the moment."],
  booking_quota_spent: ["No more bookings here for now", "Calendly’s own page still takes them."],
  bookings_closed: ["Bookings are closed for now", "Calendly’s own page may still take them."],
  overloaded: ["Many people are here at the moment", "This is not lost: try again in a moment."],
  upstream_timeout: ["Calendly did not answer in time", "Try again in a moment."],
};

/** A problem document, or the lack of any answer, as an exception. */
export class Problem extends Error {
  constructor(document) {
    super(document.title);
    Object.assign(this, document);
    const [title, text] = WORDS[this.code] ?? [document.title, document.detail ?? ""];
    this.heading = title;
    this.later = this.retryAfter ? `Try again in ${spoken(this.retryAfter)}.` : "";
    this.text = `${text} ${this.later}`.trim();
  }
}

const spoken = (seconds) => (seconds < 100 ? `${seconds} seconds` : `about ${Math.ceil(seconds / 60)} minutes`);

/** What `read` makes of the answer, and after how many seconds to ask again where the answer says so. */
async function send(path, options, read) {
  let response;
  let answer;
  try {
    response = await fetch(ROOT + path, options);
    answer = await (response.ok ? read(response) : response.json());
  } catch {
    throw new Problem({ code: "unreachable", title: "No connection", status: 0 });
  }
  if (!response.ok) throw new Problem(answer);
  return { answer, retryAfter: Number(response.headers.get("Retry-After")) || null };
}

const asJson = (response) => response.json();

const call = async (path, options) => (await send(path, options, asJson)).answer;

export const listEventTypes = async () => (await call("/event-types")).items;

/** `cache` as of `fetch`: "reload" passes by what the browser remembers. */
export const getForm = (id, cache) => call(`/event-types/${encodeURIComponent(id)}/form`, { cache });

/** Asked each time, though a browser might keep it for moments: who has just booked must not be offered that time. */
export const getAvailability = (id, query) =>
  call(`/event-types/${encodeURIComponent(id)}/availability?${new URLSearchParams(query)}`, { cache: "no-cache" });

/** A booking, and `retryAfter` while Calendly has not said what became of it. */
async function booking(path, headers, text) {
  const options = text === undefined ? { headers } : { method: "POST", headers: { ...headers, "Content-Type": "application/json" }, body: text };
  const { answer, retryAfter } = await send(path, options, asJson);
  return { booking: answer, retryAfter };
}

const ATTEMPT = "attempt";

const attempt = () => JSON.parse(sessionStorage.getItem(ATTEMPT) ?? "null");

const keepAttempt = (kept) => sessionStorage.setItem(ATTEMPT, JSON.stringify(kept));

/**
 * Book. The same body is the same attempt and keeps its key, over a reload
 * too, until it is booked: so that a repetition cannot book twice. A problem
 * is `open` while this or an earlier try of the attempt may yet be booked.
 */
export async function book(body) {
  const text = JSON.stringify(body);
  const kept = attempt();
  const mine = kept?.text === text ? kept : { text, key: crypto.randomUUID(), open: false };
  keepAttempt({ ...mine, open: true });
  try {
    const made = await booking("/bookings", { "Idempotency-Key": mine.key }, text);
    if (made.booking.status === "confirmed") sessionStorage.removeItem(ATTEMPT);
    else keepAttempt({ ...mine, id: made.booking.id, open: true });
    return made;
  } catch (problem) {
    // Once it is open what became of it, "away" does not settle it.
    problem.open = mayBeBooked(problem) || (mine.open && problem.status >= 500);
    keepAttempt({ ...mine, open: problem.open });
    throw problem;
  }
}

/** No answer, or none that says what became of the request. */
const mayBeBooked = ({ status, code }) => [0, 500, 502, 504].includes(status) || code === "booking_in_flight";

/** What this booking was asked for with, to ask once more with the same key; null where it is not known here. */
export function attemptedBody(id) {
  const kept = attempt();
  return kept && kept.id === id ? JSON.parse(kept.text) : null;
}

/** Nothing came of it: the same may be tried again. */
export const closeAttempt = (id) => attemptedBody(id) && keepAttempt({ ...attempt(), open: false });

export const forgetAttempt = (id) => attemptedBody(id) && sessionStorage.removeItem(ATTEMPT);

const bearer = ({ token }) => ({ Authorization: `Bearer ${token}` });

/** `key` is a booking's id and manage token. */
export const readBooking = (key) => booking(`/bookings/${key.id}`, bearer(key));

export const cancelBooking = (key, reason) =>
  booking(`/bookings/${key.id}/cancel`, bearer(key), JSON.stringify(reason ? { reason } : {}));

/** The booking that takes its place. The same start again gives the same. */
export const moveBooking = (key, start) => booking(`/bookings/${key.id}/reschedule`, bearer(key), JSON.stringify({ start }));

export const calendarFile = async (key) =>
  (await send(`/bookings/${key.id}/calendar.ics`, { headers: bearer(key) }, (response) => response.blob())).answer;

/** The public API of the service, and its failures in a visitor's words. */

const ROOT = "/api/v1";

/** Reasons, by problem code; what is not here is told by the problem's own title. */
const WORDS = {
  unreachable: ["No connection", "The service could not be reached. Check your connection and try again."],
  not_found: ["Not here", "This cannot be booked any more, or the link is wrong."],
  slot_taken: ["This time has just been taken", "Choose another one. What you typed stays."],
  use_hosted_page: ["Please book on Calendly", "This meeting can only be booked on Calendly’s own page."],
  booking_in_flight: ["Still being booked", "Your booking is on its way. Ask again in a moment; it is made only once."],
  upstream_failed: ["Calendly has a problem", "Calendly did not give a usable answer."],
  upstream_refused_us: ["Calendly has a problem", "Calendly does not let this service in at the moment."],
  upstream_busy: ["Calendly is busy", "Calendly takes no more requests at the moment."],
  booking_quota_spent: ["No more bookings here for now", "Calendly’s own page still takes them."],
  bookings_closed: ["Bookings are closed for now", "Calendly’s own page may still take them."],
  upstream_timeout: ["Calendly did not answer in time", "Try again in a moment."],
};

/** A problem document, or the lack of any answer, as an exception. */
export class Problem extends Error {
  constructor(document) {
    super(document.title);
    Object.assign(this, document);
    const [title, text] = WORDS[this.code] ?? [document.title, document.detail ?? ""];
    this.heading = title;
    this.text = this.retryAfter ? `${text} Try again in ${spoken(this.retryAfter)}.`.trim() : text;
  }
}

const spoken = (seconds) => (seconds < 100 ? `${seconds} seconds` : `about ${Math.ceil(seconds / 60)} minutes`);

async function call(path, options) {
  let response;
  let answer;
  try {
    response = await fetch(ROOT + path, options);
    answer = await response.json();
  } catch {
    throw new Problem({ code: "unreachable", title: "No connection", status: 0 });
  }
  if (!response.ok) throw new Problem(answer);
  return answer;
}

export const listEventTypes = async () => (await call("/event-types")).items;

/** `cache` as of `fetch`: "reload" passes by what the browser remembers. */
export const getForm = (id, cache) => call(`/event-types/${encodeURIComponent(id)}/form`, { cache });

export const getAvailability = (id, query) =>
  call(`/event-types/${encodeURIComponent(id)}/availability?${new URLSearchParams(query)}`);

/** After these nobody knows yet whether the booking was made. */
const UNSETTLED = new Set(["unreachable", "booking_in_flight", "upstream_timeout", "upstream_failed", "internal"]);

export const isUnsettled = (problem) => UNSETTLED.has(problem.code);

const ATTEMPT = "attempt";

/**
 * Book. The same body is the same attempt and keeps its key, over a reload
 * too, until it is settled: so that a repetition cannot book twice.
 */
export async function book(body) {
  const text = JSON.stringify(body);
  const kept = JSON.parse(sessionStorage.getItem(ATTEMPT) ?? "null");
  const key = kept?.text === text ? kept.key : crypto.randomUUID();
  sessionStorage.setItem(ATTEMPT, JSON.stringify({ text, key }));
  try {
    const booking = await call("/bookings", {
      method: "POST",
      headers: { "Content-Type": "application/json", "Idempotency-Key": key },
      body: text,
    });
    sessionStorage.removeItem(ATTEMPT);
    return booking;
  } catch (problem) {
    if (!isUnsettled(problem)) sessionStorage.removeItem(ATTEMPT);
    throw problem;
  }
}

/** Scenes in which somebody else books while a visitor looks. */

import { openTimes } from "./moves.mjs";

const DAY = 2;

/** Of the day that is shown. */
const startsOf = (page) => page.locator(".slot").evaluateAll((all) => all.map((slot) => slot.dataset.start));

const status = (page) => page.locator("#status").innerText();

async function call(options, path, body, headers) {
  const sent = { "Content-Type": "application/json", ...headers };
  const answer = await fetch(`${options.service}/api/v1${path}`, { method: "POST", headers: sent, body: JSON.stringify(body) });
  if (!answer.ok) throw new Error(await answer.text());
  return answer.json();
}

const bookElsewhere = (options, start) =>
  call(
    options,
    "/bookings",
    { eventTypeId: options.slug, start, timeZone: "UTC", invitee: { name: "Ada Example", email: `ada.${Date.now()}@example.test` } },
    { "Idempotency-Key": crypto.randomUUID() },
  );

const giveUp = (options, { id, manage }) =>
  call(options, `/bookings/${id}/cancel`, {}, { Authorization: `Bearer ${manage.token}` });

async function openDay(page, options, day = DAY) {
  await openTimes(page, options);
  if ((await page.locator(".day.free").count()) <= day) {
    await page.getByRole("button", { name: "Later month" }).click();
    await page.locator(".calendar[aria-busy=false] .day.free").nth(day).waitFor();
  }
  await page.locator(".day.free").nth(day).click();
  return startsOf(page);
}

const gone = (page, start) => page.locator(`.slot[data-start="${start}"]`).waitFor({ state: "detached" });
const there = (page, start) => page.locator(`.slot[data-start="${start}"]`).waitFor();

/** A time is taken, with the focus on it, and given up again. */
export async function takenAndFreed({ page, options, look }) {
  const streams = page.waitForResponse((response) => response.url().endsWith("/events"));
  const before = await openDay(page, options);
  await streams;
  await look("before");
  const start = before.at(-2);
  await page.locator(".slot").nth(-2).focus();
  const booking = await bookElsewhere(options, start);
  await gone(page, start);
  const said = await status(page);
  const focus = await page.evaluate(() => document.activeElement.id);
  const taken = await startsOf(page);
  const seen = await page.locator(".latest").innerText();
  const findings = await look("taken");
  await page.locator(".slot").nth(2).focus();
  const held = await page.evaluate(() => document.activeElement.dataset.start);
  await giveUp(options, booking);
  await there(page, start);
  const kept = await page.evaluate(() => document.activeElement.dataset.start);
  return { start, before, taken, freed: await startsOf(page), said, seen, focus, findings, held, kept };
}

/** The first stream is refused; somebody books before there is another. */
export async function comesBack({ page, options }) {
  let refused = 0;
  await page.route("**/availability/events", (route) => (refused++ ? route.continue() : route.fulfill({ status: 503, json: {} })));
  const before = await openDay(page, options);
  const start = before.at(-1);
  await bookElsewhere(options, start);
  await gone(page, start);
  return { start, before, after: await startsOf(page), asked: refused };
}

/** Leafing through the steps leaves no stream behind. */
export async function leaves({ page, options }) {
  const ended = page.waitForEvent("requestfailed", (request) => request.resourceType() === "eventsource");
  const begun = page.waitForResponse((response) => response.url().endsWith("/events"));
  await openDay(page, options);
  await begun;
  await page.locator(".slot").first().click();
  await ended;
  return {};
}

const isReading = (request) => request.url().includes("/availability?");

/** Readings of times that are under way. */
function readingsOf(page) {
  const open = new Set();
  page.on("request", (request) => isReading(request) && open.add(request));
  page.on("requestfinished", (request) => open.delete(request));
  page.on("requestfailed", (request) => open.delete(request));
  return open;
}

async function untilNone(open) {
  while (open.size) await new Promise((done) => setTimeout(done, 20));
}

/**
 * Where times are to be read again, and cannot be: a time that was given up comes back all the same. It is of another
 * day than those of other scenes, for Calendly begins anew with each, and calls its bookings the same. No reading that was
 * let through is still under way when the time is given up: it might show it.
 */
export async function triesAgain({ page, options }) {
  let failing = false;
  let failed = 0;
  const open = readingsOf(page);
  await page.route("**/availability?*", (route) =>
    failing && failed < 3 ? route.fulfill({ status: 502, json: { failed: ++failed } }) : route.continue(),
  );
  const before = await openDay(page, options, DAY + 1);
  const start = before.at(-1);
  const booking = await bookElsewhere(options, start);
  await gone(page, start);
  failing = true;
  await untilNone(open);
  await giveUp(options, booking);
  await there(page, start);
  return { before, after: await startsOf(page), failed };
}

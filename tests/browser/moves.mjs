/** What visitors do again and again. */

/** A day a few days on, so that no time of it is over before the scene is. */
const AHEAD = 2;

export async function openTimes(page, { service, slug }) {
  await page.goto(`${service}/#/${slug}`);
  await page.locator(".slot").first().waitFor();
}

/** Goes to the month after if this one has too few days left; gives the start that was chosen. */
export async function chooseTime(page, { nth = 0 } = {}) {
  await pickTime(page, nth);
  await formOf(page).waitFor();
  return startOf(page);
}

/** Likewise, for a booking that moves. */
export async function chooseTimeAgain(page, { nth = 0 } = {}) {
  await page.locator(".slot").first().waitFor();
  await pickTime(page, nth);
  await page.getByRole("heading", { name: "Move your booking?" }).waitFor();
  return decodeURIComponent(new URL(page.url()).hash.split("/").at(-1));
}

async function pickTime(page, nth) {
  if ((await page.locator(".day.free").count()) <= AHEAD) {
    await page.getByRole("button", { name: "Later month" }).click();
    await page.locator(".calendar[aria-busy=false] .day.free").nth(AHEAD).waitFor();
  }
  await page.locator(".day.free").nth(AHEAD).click();
  await page.locator(".slot").nth(nth).click();
}

export const startOf = (page) => decodeURIComponent(new URL(page.url()).hash.split("/")[2]);

export const formOf = (page) => page.getByRole("textbox", { name: "Email" });

/** A new one each time: a service remembers whom it has booked, though the Calendly behind it begins anew. */
export const EMAIL = `grace.${Date.now().toString(36)}@example.test`;

export async function introduce(page) {
  await page.getByRole("textbox", { name: "Name", exact: true }).fill("Grace Example");
  await page.getByRole("textbox", { name: "Email" }).fill(EMAIL);
}

export const submit = (page) => bookButton(page).click();

export const bookButton = (page) => page.getByRole("button", { name: /^Book for/ });

export const booked = (page) => page.getByRole("heading", { name: "You are booked" }).waitFor();

/** From the calendar to what comes of it, all at once. */
export async function book(page, { nth = 0, until = "You are booked" } = {}) {
  await chooseTime(page, { nth });
  await introduce(page);
  await submit(page);
  await page.getByRole("heading", { name: until }).waitFor();
}

/** What a screen reader would say has the focus: its label or its text. */
export const focused = (page) =>
  page.evaluate(() => {
    const element = document.activeElement;
    return (element.getAttribute("aria-label") ?? element.labels?.[0]?.innerText ?? element.innerText).trim();
  });

/** A call of Calendly's own API, behind the service's back. */
export async function atCalendly({ simulator, token }, path, body) {
  const headers = { Authorization: `Bearer ${token}`, "Content-Type": "application/json" };
  const answer = await fetch(simulator + path, { method: body ? "POST" : "GET", headers, body: JSON.stringify(body) });
  if (!answer.ok) throw new Error(`${path}: ${await answer.text()}`);
  return answer.json();
}

export async function takeBehind(options, slug, start) {
  const { resource: me } = await atCalendly(options, "/users/me");
  const { collection } = await atCalendly(options, `/event_types?count=100&user=${encodeURIComponent(me.uri)}`);
  const { uri, locations } = collection.find((each) => each.slug === slug);
  await atCalendly(options, "/invitees", {
    event_type: uri,
    start_time: new Date(start).toISOString().replace(".000", ""),
    invitee: { name: "Ada Example", email: "ada@example.test", timezone: "UTC" },
    location: { kind: locations[0].kind },
  });
}

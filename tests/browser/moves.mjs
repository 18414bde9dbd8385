/** What visitors do again and again. */

/** A day a few days on, so that no time of it is over before the scene is. */
const AHEAD = 2;

export async function openTimes(page, { service, slug }) {
  await page.goto(`${service}/#/${slug}`);
  await page.locator(".slot").first().waitFor();
}

/** Goes to the month after if this one has too few days left; gives the start that was chosen. */
export async function chooseTime(page, { nth = 0 } = {}) {
  if ((await page.locator(".day.free").count()) <= AHEAD) {
    await page.getByRole("button", { name: "Later month" }).click();
    await page.locator(".calendar[aria-busy=false] .day.free").nth(AHEAD).waitFor();
  }
  await page.locator(".day.free").nth(AHEAD).click();
  await page.locator(".slot").nth(nth).click();
  await formOf(page).waitFor();
  return startOf(page);
}

export const startOf = (page) => decodeURIComponent(new URL(page.url()).hash.split("/")[2]);

export const formOf = (page) => page.getByRole("textbox", { name: "Email" });

export async function introduce(page) {
  await page.getByRole("textbox", { name: "Name", exact: true }).fill("Grace Example");
  await page.getByRole("textbox", { name: "Email" }).fill("grace@example.test");
}

export const submit = (page) => bookButton(page).click();

export const bookButton = (page) => page.getByRole("button", { name: /^Book for/ });

export const booked = (page) => page.getByRole("heading", { name: "You are booked" }).waitFor();

/** What a screen reader would say has the focus: its label or its text. */
export const focused = (page) =>
  page.evaluate(() => {
    const element = document.activeElement;
    return (element.getAttribute("aria-label") ?? element.labels?.[0]?.innerText ?? element.innerText).trim();
  });

/** Book at Calendly itself, behind the service's back. */
export async function takeBehind({ simulator, token }, slug, start) {
  const call = async (path, body) => {
    const headers = { Authorization: `Bearer ${token}`, "Content-Type": "application/json" };
    const answer = await fetch(simulator + path, { method: body ? "POST" : "GET", headers, body: JSON.stringify(body) });
    if (!answer.ok) throw new Error(`${path}: ${await answer.text()}`);
    return answer.json();
  };
  const { resource: me } = await call("/users/me");
  const { collection } = await call(`/event_types?count=100&user=${encodeURIComponent(me.uri)}`);
  const { uri, locations } = collection.find((each) => each.slug === slug);
  await call("/invitees", {
    event_type: uri,
    start_time: new Date(start).toISOString().replace(".000", ""),
    invitee: { name: "Ada Example", email: "ada@example.test", timezone: "UTC" },
    location: { kind: locations[0].kind },
  });
}

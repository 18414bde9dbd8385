/** Scenes in which something goes wrong. */

import { booked, chooseTime, focused, formOf, introduce, openTimes, startOf, submit, takeBehind } from "./moves.mjs";

export async function emptyForm({ page, options, look }) {
  await openTimes(page, options);
  await chooseTime(page);
  await submit(page);
  await page.locator(".fault:visible").first().waitFor();
  const faults = await page.locator(".fault:visible").evaluateAll((all) =>
    all.map((fault) => {
      const field = fault.closest(".field");
      const marked = [...field.querySelectorAll("[aria-invalid=true]"), field].find((each) => each.ariaInvalid === "true");
      const described = field.matches("[aria-describedby]") ? field : marked;
      return {
        field: field.querySelector("label, legend").innerText,
        text: fault.innerText,
        tied: Boolean(marked) && described.getAttribute("aria-describedby").split(" ").includes(fault.id),
      };
    }),
  );
  const result = { faults, focus: await focused(page), findings: await look("faults") };
  await page.getByRole("button", { name: /^Which days suit you/ }).click();
  return { ...result, jumped: await focused(page) };
}

export async function slotTaken({ page, options, look }) {
  await openTimes(page, options);
  const wanted = await chooseTime(page, { nth: 4 });
  await introduce(page);
  await takeBehind(options, options.slug, wanted);
  await submit(page);
  const panel = page.getByRole("heading", { name: "This time has just been taken" }).locator("..");
  await panel.waitFor();
  const findings = await look("taken");
  const focus = await page.evaluate(() => document.activeElement.querySelector("h2")?.innerText);
  const offered = await panel.locator(".slot").count();
  await panel.locator(".slot").first().click();
  const [next, chosen, name] = [await focused(page), startOf(page), await page.getByLabel("Name", { exact: true }).inputValue()];
  await page.keyboard.press("Enter");
  await booked(page);
  return { findings, focus, offered, next, wanted, chosen, name };
}

/** The booking is made, but its answer never arrives. */
export async function answerLost({ page, options, look }) {
  await openTimes(page, options);
  await chooseTime(page, { nth: 5 });
  await introduce(page);
  await page.route(
    "**/api/v1/bookings",
    async (route) => {
      await route.fetch();
      await route.abort();
    },
    { times: 1 },
  );
  await submit(page);
  await page.getByRole("button", { name: "Ask again" }).waitFor();
  const findings = await look("lost");
  const open = await formOf(page).isVisible();
  await page.getByRole("button", { name: "Ask again" }).click();
  await booked(page);
  return { findings, open };
}

const CLOSED = { status: 503, code: "bookings_closed", title: "Bookings are closed.", hostedUrl: "https://calendly.example.test/ada" };
const IN_FLIGHT = { status: 409, code: "booking_in_flight", title: "A booking with this key is still running.", retryAfter: 1 };

const answering = (problem) => (route) => route.fulfill({ status: problem.status, contentType: "application/problem+json", body: JSON.stringify(problem) });

/** What is offered beside the form after bookings were closed, when it was open already whether the time is booked. */
async function offered(page) {
  await page.getByRole("heading", { name: "Bookings are closed for now" }).waitFor();
  const troubles = page.locator(".troubles");
  return { links: await troubles.getByRole("link").count(), again: await troubles.getByRole("button", { name: "Ask again" }).count() };
}

/** An earlier try is under way, and then the service closes. */
export async function closedMeanwhile({ page, options }) {
  await openTimes(page, options);
  await chooseTime(page, { nth: 5 });
  await introduce(page);
  await page.route("**/api/v1/bookings", answering(CLOSED));
  await page.route("**/api/v1/bookings", answering(IN_FLIGHT), { times: 1 });
  await submit(page);
  return offered(page);
}

/** The answer is lost, the visitor loads the page again, and then the service is closed. */
export async function closedAfterwards({ page, options }) {
  await openTimes(page, options);
  await chooseTime(page, { nth: 5 });
  await introduce(page);
  await page.route("**/api/v1/bookings", (route) => route.abort(), { times: 1 });
  await submit(page);
  await page.getByRole("button", { name: "Ask again" }).waitFor();
  await page.route("**/api/v1/bookings", answering(CLOSED));
  await page.reload();
  await introduce(page);
  await submit(page);
  return offered(page);
}

/** Calendly fails until the visitor asks a second time. */
export async function noTimes({ page, options, look }) {
  await page.goto(`${options.service}/#/${options.slug}`);
  await page.getByRole("button", { name: "Try again" }).waitFor();
  const findings = await look("away");
  const text = await page.locator(".times").innerText();
  const hosted = await page.getByRole("link", { name: "Book on Calendly’s page" }).getAttribute("href");
  await fetch(`${options.simulator}/_simulator/faults`, { method: "DELETE" });
  await tryUntilThereAreTimes(page);
  return { findings, text, hosted };
}

/** After several failures the service leaves Calendly alone for moments. */
async function tryUntilThereAreTimes(page) {
  const again = page.getByRole("button", { name: "Try again" });
  const slot = page.locator(".slot").first();
  for (let tries = 0; tries < 20 && !(await slot.isVisible()); tries += 1) {
    // The page asks by itself, too: the button may go while it is looked for.
    if (await again.isVisible()) await again.click({ timeout: 1000 }).catch(() => {});
    await slot.waitFor({ timeout: 1000 }).catch(() => {});
  }
  await slot.waitFor();
}

/** The host takes away the place that was chosen, while the form is filled in. */
export async function formChanged({ page, options }) {
  await openTimes(page, options);
  await chooseTime(page, { nth: 6 });
  await introduce(page);
  await page.getByLabel("Webex").check();
  await fetch(`${options.simulator}/_simulator/event_types/${options.uuid}`, {
    method: "PATCH",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ locations: [{ kind: "zoom_conference" }, { kind: "google_conference" }] }),
  });
  await submit(page);
  await page.getByRole("heading", { name: "The form has changed" }).waitFor();
  const places = await page.getByRole("radio").count();
  const name = await page.getByLabel("Name", { exact: true }).inputValue();
  await page.getByLabel("Zoom").check();
  await submit(page);
  await booked(page);
  return { places, name };
}

/** Only Calendly's page takes this one; the visitor came by a link that names a time. */
export async function hostedOnly({ page, options }) {
  await page.goto(`${options.service}/#/${options.slug}/${encodeURIComponent(options.start)}`);
  await introduce(page);
  await submit(page);
  const link = page.getByRole("link", { name: "Go on to Calendly" });
  await link.waitFor();
  return { hosted: await link.getAttribute("href") };
}

/** Calendly takes no more bookings for now. */
export async function quotaSpent({ page, options, look }) {
  await openTimes(page, options);
  await chooseTime(page, { nth: 7 });
  await introduce(page);
  await submit(page);
  const panel = page.getByRole("heading", { name: "No more bookings here for now" }).locator("..");
  await panel.waitFor();
  const hosted = await panel.getByRole("link").getAttribute("href");
  const name = await page.getByLabel("Name", { exact: true }).inputValue();
  return { findings: await look("spent"), hosted, name, text: await panel.innerText() };
}

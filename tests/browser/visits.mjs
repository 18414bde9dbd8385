/** Scenes in which a page is only looked at. */

import { openTimes } from "./moves.mjs";

export async function list({ page, options }) {
  await page.goto(`${options.service}/`);
  await page.locator(".card").first().waitFor();
  const cards = await page.locator(".card").evaluateAll((all) =>
    all.map((card) => ({ text: card.innerText, href: card.querySelector("a").getAttribute("href") })),
  );
  return { cards };
}

/** Whatever can be pressed and is too small for a finger. A card is pressed as a whole. */
export async function targets({ page, options }) {
  await openTimes(page, options);
  const small = await page.locator("header a:not(.skip), button, select, footer a").evaluateAll((all) =>
    all.map((each) => [each.innerText, Math.round(each.getBoundingClientRect().height)]).filter(([, height]) => height < 24),
  );
  return { small };
}

/** The first day's first time in the visitor's own zone and in another. */
export async function zones({ page, options }) {
  await openTimes(page, options);
  const own = await page.getByLabel("Your time zone").inputValue();
  const before = await page.locator(".slot").first().innerText();
  await page.getByLabel("Your time zone").selectOption("America/New_York");
  await page.waitForFunction((text) => document.querySelector(".slot")?.innerText !== text, before);
  return { own, before, after: await page.locator(".slot").first().innerText() };
}

export async function nowhere({ page, options, look }) {
  await page.goto(`${options.service}/#/nothing-of-the-kind`);
  await page.getByRole("heading", { name: "Not found" }).waitFor();
  return { findings: await look("nowhere") };
}

export async function documentation({ page, options }) {
  await page.goto(`${options.service}/docs`);
  await page.locator(".opblock").first().waitFor();
  return { operations: await page.locator(".opblock").count() };
}

/** Further ahead than anything is offered, and back. */
export async function beyond({ page, options, look }) {
  await openTimes(page, options);
  const left = await page.locator("#month").innerText();
  for (let leaves = 0; leaves < 6; leaves++) {
    await page.getByRole("button", { name: "Later month" }).click();
    await page.locator(".calendar[aria-busy=false]").waitFor();
  }
  const text = await page.locator(".times h2").innerText();
  const findings = await look("beyond");
  // By force: otherwise the driver waits for a button that says it is disabled.
  for (let leaves = 0; leaves < 8; leaves++) await page.getByRole("button", { name: "Earlier month" }).click({ force: true });
  await page.locator(".slot").first().waitFor();
  return { text, findings, left, back: await page.locator("#month").innerText() };
}

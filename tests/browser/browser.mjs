/** A fresh Chromium that cannot leave the loopback, and a page in it that is watched. */

import { mkdtemp, readFile, rm } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium } from "playwright-core";

const FLAGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
];
const AXE = await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** Milliseconds for anything to appear, on a busy machine. */
const PATIENCE = 20_000;

/** Play a scene in a new window. What it returns comes with all that the page asked for, and its complaints. */
export async function onStage(scene, options) {
  const folder = await mkdtemp(join(tmpdir(), "browser-"));
  const context = await chromium.launchPersistentContext(folder, {
    executablePath: options.browser,
    args: FLAGS,
    locale: "en-GB",
    timezoneId: options.zone ?? "Europe/Berlin",
    viewport: { width: options.width ?? 1280, height: 844 },
    reducedMotion: "reduce",
  });
  try {
    const page = context.pages()[0];
    page.setDefaultTimeout(PATIENCE);
    const seen = watch(page);
    return { ...(await scene({ page, options, look: looker(page, options) })), ...seen };
  } catch (error) {
    const shown = await context.pages()[0].locator("body").innerText();
    throw new Error(`the page then showed:\n${shown}`, { cause: error });
  } finally {
    await context.close();
    await rm(folder, { recursive: true, force: true });
  }
}

function watch(page) {
  const seen = { requests: [], referrers: [], sent: [], complaints: [] };
  page.context().on("request", (request) => {
    if (/^(data|blob):/.test(request.url())) return;
    seen.requests.push(request.url());
    seen.referrers.push(request.headers().referer ?? null);
    if (request.method() === "POST")
      seen.sent.push({ key: request.headers()["idempotency-key"], body: request.postDataJSON() });
  });
  page.on("requestfailed", (request) => {
    // A stream has no other end than that one closes it.
    if (request.resourceType() !== "eventsource") seen.complaints.push(`failed: ${request.url()}`);
  });
  page.on("pageerror", (error) => seen.complaints.push(String(error)));
  page.on("console", (message) => {
    // The browser itself logs every refusal of the API as an error.
    const refusal = message.text().startsWith("Failed to load resource: the server responded");
    if (message.type() === "error" && !refusal) seen.complaints.push(message.text());
  });
  return seen;
}

/** Look at the page as it stands: take a picture, and say what axe finds or has to be scrolled sideways. */
function looker(page, { pictures, label, schemes = ["light"] }) {
  return async (name) => {
    const findings = [];
    for (const scheme of schemes) {
      await page.emulateMedia({ colorScheme: scheme });
      if (pictures) await page.screenshot({ path: join(pictures, `${label}-${name}-${scheme}.png`), fullPage: true });
      for (const finding of await examined(page)) findings.push(`${name}, ${scheme}: ${finding}`);
    }
    return findings;
  };
}

async function examined(page) {
  // By the debugger, which the page's own policy does not bind: a script element would be refused.
  await page.evaluate(AXE);
  const { violations } = await page.evaluate(() => globalThis.axe.run());
  const found = violations.map(({ id, impact, nodes }) => `${impact} ${id}: ${nodes.map((node) => node.html).join(" ")}`);
  const wide = await page.evaluate(() => document.documentElement.scrollWidth > document.documentElement.clientWidth);
  return wide ? [...found, "wider than the window"] : found;
}
